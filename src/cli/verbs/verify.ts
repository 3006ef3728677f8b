import { UsageError } from '../../errors.ts';
import { redact, redactedJson } from '../../report/redact.ts';
import type { Check } from '../check.ts';
import { exitCode } from '../exit-codes.ts';
import { isWell, told } from '../findings.ts';
import type { Product } from '../product.ts';
import { openSession } from '../session.ts';
import { type Verb, verb } from '../verb.ts';
import { verify as ask } from '../verify.ts';

export const verify = (product: Product): Verb =>
  verb(
    'verify [what]',
    'Prove on the machines that they are closed as they should be (exit 1: something is wrong)',
    (yargs) =>
      yargs
        .positional('what', { type: 'string', describe: 'one check; default: all of them' })
        .example('$0 verify ports', 'who listens beyond loopback, and what strangers are told')
        .example('$0 verify --verbose', 'also what is well'),
    async (given) => {
      const session = openSession(given);
      try {
        const checks = chosen(await product.checks(), given['what']);
        const verified = await ask(session, checks);
        const text = given.json ? redactedJson(verified) : redact(told(verified, given));
        process.stdout.write(`${text}\n`);
        return isWell(verified) ? exitCode.done : exitCode.failed;
      } finally {
        await session.close();
      }
    },
  );

type Checks = Readonly<Record<string, Check>>;

function chosen(all: Checks, what: unknown): Checks {
  if (what === undefined) return all;
  const name = String(what);
  const check = Object.hasOwn(all, name) ? all[name] : undefined;
  if (check !== undefined) return { [name]: check };
  const known = Object.entries(all).map(([one, { describe }]) => `${one} (${describe})`);
  throw new UsageError(`there is no check ${name}`, { remedy: `There are: ${known.join(', ')}.` });
}
