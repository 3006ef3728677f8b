/** cluster.json, from the file to the cluster. */
import { readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { DescriptionError } from '../errors.ts';
import { derive } from './derive.ts';
import { inspect } from './inspect.ts';
import type { Cluster } from './model.ts';
import type { Problem } from './problem.ts';
import { problemLine } from './problem.ts';

export interface Overrides {
  /** "network.podCidr=10.1.0.0/16": a path and a value, as JSON or plain text. */
  readonly set: readonly string[];
  /** Where variables such as HARDWAY_NETWORK_POD_CIDR are looked for. Default: the process's own. */
  readonly env?: NodeJS.ProcessEnv;
}

/** More problems than this are only counted. */
const toldProblems = 50;

/** Throws one DescriptionError that holds every problem, a line each. Nothing but the file is touched. */
export function loadCluster(file: string, { set, env = process.env }: Overrides = { set: [] }): Cluster {
  const name = shown(file);
  const { problems, description } = inspect(readText(file), name, set, env);
  if (description !== undefined) return derive(description, dirname(resolve(file)));

  const lines = problems.slice(0, toldProblems).map(problemLine);
  const more = problems.length - lines.length;
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
  throw new DescriptionError(`${name} has ${count}; nothing was touched`, {
    evidence: more > 0 ? [...lines, `and ${more} more`] : lines,
    remedy: 'Correct the lines above; schemas/cluster.schema.json describes every field.',
  });
}

/** The problems of a text, for programs: line, column, path, message and what is allowed. Empty when it is right. */
export function readProblems(
  text: string,
  filename: string,
  { set, env = process.env }: Overrides = { set: [] },
): readonly Problem[] {
  return inspect(text, shown(filename), set, env).problems;
}

function readText(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = unreadable[code ?? ''] ?? 'cannot be read';
    throw new DescriptionError(`${shown(file)} ${reason}`, { evidence: [message] });
  }
}

const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ERR_ENCODING_INVALID_ENCODED_DATA: 'is not UTF-8 text',
};

/** As short as it can be said from where we are. */
function shown(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}
