import { diffLines } from 'diff';
import type { Connection } from '../connection/connection.ts';
import { type Script, sh } from '../connection/quote.ts';
import type { Resource } from './resource.ts';

/** Bytes of a file that are looked at, and lines that are told. */
const ENOUGH = 64 * 1024;
const LINES = 40;
const MARK = '--- hardway text ';

/** For the texts among these resources, by id: the lines that go ("- …") and those that come ("+ …"). Reads only. */
export async function changedLines(
  connection: Connection,
  resources: readonly Resource[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const texts = resources.filter(({ text }) => text !== undefined);
  if (texts.length === 0) return new Map();
  const script = texts
    .map(
      ({ text }, index) => sh`echo ${MARK + index}\nhead -c ${ENOUGH} ${text?.path ?? ''} 2>/dev/null; echo`,
    )
    .join('\n') as Script;
  const { stdout } = await connection.run(script, { limit: 30 });
  const found = new Map<string, string>();
  for (const part of stdout.split(MARK).slice(1)) {
    const end = part.indexOf('\n');
    found.set(part.slice(0, end), part.slice(end + 1, -1));
  }
  return new Map(
    texts.map(({ id, text }, index) => [id, lines(found.get(String(index)) ?? '', cut(text?.wanted ?? ''))]),
  );
}

/** As much of it as was read of the other. */
const cut = (text: string): string => Buffer.from(text).subarray(0, ENOUGH).toString();

function lines(now: string, wanted: string): string[] {
  const all = diffLines(now, wanted)
    .filter(({ added, removed }) => added || removed)
    .flatMap(({ added, value }) =>
      value
        .replace(/\n$/, '')
        .split('\n')
        .map((line) => `${added ? '+' : '-'} ${line}`),
    );
  return all.length <= LINES ? all : [...all.slice(0, LINES), `… ${all.length - LINES} lines more`];
}
