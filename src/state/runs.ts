import { appendFile, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeError } from '../here.ts';
import { redact } from '../report/redact.ts';
import type { State } from './directory.ts';
import { readText } from './read-text.ts';

/** Runs whose output is kept, and bytes of one machine's. */
const KEPT = 20;
const ENOUGH = 4 * 1024 * 1024;

/** Times make good names, but for their colons. */
const folderOf = (state: State, run: string): string => state.path('runs', run.replaceAll(':', ''));

/** Adds what commands wrote on one machine to the account of a run; older runs make room. */
export async function appendOutput(
  state: State,
  run: string,
  { machine, phase, text }: { readonly machine: string; readonly phase: string; readonly text: string },
): Promise<void> {
  const folder = folderOf(state, run);
  const file = join(folder, `${machine}.log`);
  try {
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await makeRoom(state);
    if (((await stat(file).catch(() => null))?.size ?? 0) > ENOUGH) return;
    const head = `== ${new Date().toISOString()} ${phase}`;
    await appendFile(file, `${head}\n${redact(text)}\n`, { mode: 0o600 });
  } catch (error) {
    throw writeError(error, file);
  }
}

/** What the commands of the last run that had any wrote on this machine; null: none has. */
export async function lastOutput(state: State, machine: string): Promise<string | null> {
  for (const run of (await runs(state)).reverse()) {
    const text = await readText(state.path('runs', run, `${machine}.log`));
    if (text !== null) return text;
  }
  return null;
}

/** Files of the last runs, the newest last: "2026-…/master.log". */
export async function outputFiles(state: State, last: number): Promise<string[]> {
  const folders = (await runs(state)).slice(-last);
  const files = await Promise.all(
    folders.map(async (run) => (await readdir(state.path('runs', run))).map((name) => `${run}/${name}`)),
  );
  return files.flat();
}

async function makeRoom(state: State): Promise<void> {
  const old = (await runs(state)).slice(0, -KEPT);
  await Promise.all(old.map((run) => rm(state.path('runs', run), { recursive: true, force: true })));
}

async function runs(state: State): Promise<string[]> {
  const names = await readdir(state.path('runs')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => /^\d{4}-/.test(name)).sort();
}
