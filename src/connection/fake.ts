import type { Connection, Result, Upload } from './connection.ts';

/** What a machine is expected to be asked, in order, and what it answers. */
export type Expected =
  | {
      /** The whole script, or a pattern found in it. */
      readonly run: string | RegExp;
      readonly reply?: Partial<Result>;
    }
  | { readonly put: string };

export interface FakeConnection extends Connection {
  /** What was asked so far. */
  readonly runs: readonly string[];
  readonly puts: readonly Upload[];
  /** Throws for whatever was not asked, or was asked unexpectedly (even if the caller swallowed that error). */
  verify(): void;
}

/** A strict stand-in for a machine: what is not expected next, fails. */
export function fakeConnection(expected: readonly Expected[], label = 'fake'): FakeConnection {
  const waiting = [...expected];
  const runs: string[] = [];
  const puts: Upload[] = [];
  const surprises: string[] = [];

  function surprise(what: string): never {
    const next = waiting[0] === undefined ? 'nothing more' : describe(waiting[0]);
    surprises.push(`${label}: unexpected ${what}; expected ${next}`);
    throw new Error(surprises.at(-1));
  }

  return {
    label,
    runs,
    puts,
    async connect() {},
    async close() {},
    async run(script, options) {
      const next = waiting[0];
      const fits = next && 'run' in next && matches(next.run, script);
      if (!fits) return surprise(`run of ${JSON.stringify(script)}`);
      waiting.shift();
      runs.push(script);
      const result = complete(next.reply ?? {});
      if (options?.onLine) result.stdout.split('\n').slice(0, -1).forEach(options.onLine);
      return result;
    },
    async put(file) {
      const next = waiting[0];
      if (!next || !('put' in next) || next.put !== file.path) return surprise(`put of ${file.path}`);
      waiting.shift();
      puts.push(file);
    },
    verify() {
      const missing = waiting.map((one) => `${label}: never asked: ${describe(one)}`);
      const problems = [...surprises, ...missing];
      if (problems.length > 0) throw new Error(problems.join('\n'));
    },
  };
}

function matches(expected: string | RegExp, script: string): boolean {
  return typeof expected === 'string' ? expected === script : expected.test(script);
}

function describe(one: Expected): string {
  return 'put' in one ? `put of ${one.put}` : `run of ${String(one.run)}`;
}

function complete(reply: Partial<Result>): Result {
  const { code = 0, outcome = 'ended', stdout = '', stderr = '', milliseconds = 0 } = reply;
  return { ok: reply.ok ?? (outcome === 'ended' && code === 0), code, stdout, stderr, milliseconds, outcome };
}
