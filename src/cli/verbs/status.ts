import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../errors.ts';
import { redactedJson } from '../../report/redact.ts';
import { exitCode } from '../exit-codes.ts';
import type { Look } from '../look.ts';
import type { Product } from '../product.ts';
import { openSession, type Session } from '../session.ts';
import { type Given, type Verb, verb } from '../verb.ts';

export const status = (product: Product): Verb =>
  verb(
    'status',
    'Show machines, services, ways and certificates, and why something is wrong (exit 1: it is)',
    (yargs) =>
      yargs
        .option('watch', { alias: 'w', type: 'string', describe: 'again each so many seconds (default 2)' })
        .example('$0 status --watch', 'live; Ctrl-C ends it')
        .example('$0 status --json', 'for programs: docs/health.md'),
    async (given) => {
      const session = openSession(given);
      const seconds = pause(given['watch']);
      try {
        return seconds === null
          ? await once(product, session, given)
          : await watch(product, session, given, seconds);
      } finally {
        await session.close();
      }
    },
  );

function pause(watch: unknown): number | null {
  if (watch === undefined) return null;
  if (watch === '') return 2;
  const seconds = Number(watch);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new UsageError(`--watch takes a number of seconds, not ${String(watch)}`);
}

async function once(product: Product, session: Session, given: Given): Promise<number> {
  const { code, text } = await shown(product, session, given);
  process.stdout.write(`${text}\n`);
  return code;
}

async function shown(
  product: Product,
  session: Session,
  given: Given,
): Promise<{ code: number; text: string }> {
  const [{ look }, { isWell, screen }] = await Promise.all([import('../look.ts'), import('../screen.ts')]);
  const found = await look(product, session);
  const code = isWell(found) ? exitCode.done : exitCode.failed;
  return { code, text: given.json ? await forPrograms(found) : screen(found) };
}

async function forPrograms(found: Look): Promise<string> {
  const { ranked } = await import('../overview.ts');
  const lines = ranked(found.lines);
  const problems = lines.filter(({ is }) => is === 'wrong').map(({ what, found }) => `${what}: ${found}`);
  return redactedJson({ nodes: found.nodes, lines, problems, certificate: found.certificate });
}

/** On a terminal each look takes the place of the one before; elsewhere it is written below it. */
async function watch(product: Product, session: Session, given: Given, seconds: number): Promise<number> {
  const { untilInterrupted } = await import('../until-interrupted.ts');
  const { signal, release } = untilInterrupted();
  const isLive = process.stdout.isTTY === true && !given.json;
  const stopped = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null)));
  let code: number = exitCode.done;
  if (isLive) process.stdout.write(HIDE_CURSOR);
  try {
    while (!signal.aborted) {
      const found = await Promise.race([shown(product, session, given), stopped]);
      if (found === null) break;
      code = found.code;
      const time = new Date().toTimeString().slice(0, 8);
      if (given.json) process.stdout.write(`${found.text}\n`);
      else process.stdout.write(isLive ? redrawn(`${time}\n\n${found.text}`) : `${time}\n${found.text}\n\n`);
      await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    if (isLive) process.stdout.write(SHOW_CURSOR);
    release();
  }
  return code;
}

const HIDE_CURSOR = '\u001b[?25l\u001b[2J';
const SHOW_CURSOR = '\u001b[?25h';

/** Over what stands there, without a blank moment between. */
const redrawn = (text: string): string => `\u001b[H${text.replaceAll('\n', '\u001b[K\n')}\u001b[K\n\u001b[J`;
