/** A folder with a cluster.json, this very machine as every machine of it, and a recipe that makes files. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import type { Explanation, PhaseSummary, Product } from '../../src/cli/product.ts';
import { rememberOwn } from '../../src/cli/remember.ts';
import { openSession, type Session } from '../../src/cli/session.ts';
import { localConnection } from '../../src/connection/local.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Machine } from '../../src/engine/converge.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { recipeless } from '../fixtures/recipeless.ts';

export interface Workplace {
  readonly folder: string;
  /** cluster.json */
  readonly file: string;
  readonly product: Product;
  describe(...minions: string[]): void;
  /** Absent machines have no connection. */
  session(options?: { without?: string; absent?: readonly string[] }): Session;
  /** Which of these things the recipe made: "minion-1-join". */
  made(...names: string[]): string[];
  /** Makes and remembers everything, as a run would have. */
  stand(): Promise<void>;
  /** From now on nothing can be made. */
  refuse(): void;
  run(...words: string[]): Promise<{ code: number; out: string; err: string }>;
}

/** What the recipe is made of: a phase a file, on all machines; "leave" on the master, for those that leave. */
const names = ['prepare', 'join', 'resize', 'leave'];

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

export function workplace(explanations: readonly Explanation[] = []): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-workplace-'));
  folders.push(folder);
  const file = join(folder, 'cluster.json');
  const describe = (...minions: string[]): void => {
    const nodes = ['master', ...minions].map((name, index) => ({
      ...{
        name,
        ssh: { host: '127.0.0.1', port: 9000 + index, user: 'nobody' },
        address: `10.99.0.${11 + index}`,
      },
      roles: name === 'master' ? ['etcd', 'master'] : ['minion'],
    }));
    writeFileSync(file, JSON.stringify({ name: 'test', network: { machineCidr: '10.99.0.0/24' }, nodes }));
  };
  const product = productIn(folder, explanations);
  describe('minion-1', 'minion-2');
  mkdirSync(join(folder, 'made'));
  return {
    ...{ folder, file, product, describe },
    session({ without, absent = [] } = {}) {
      const session = openSession({ file, set: [], ...(without === undefined ? {} : { without }) });
      const machines = async (): Promise<readonly Machine[]> =>
        (await session.machines()).map((machine) => ({
          ...machine,
          connection: absent.includes(machine.name) ? null : localConnection(),
        }));
      return { ...session, machines };
    },
    async stand() {
      const { cluster, state } = openSession({ file, set: [] });
      for (const { name } of cluster.nodes)
        for (const done of names.slice(0, -1)) writeFileSync(join(folder, 'made', `${name}-${done}`), '');
      await rememberOwn({ cluster, state } as Session);
    },
    refuse: () => writeFileSync(join(folder, 'refuse'), ''),
    made: (...some) => some.filter((name) => existsSync(join(folder, 'made', name))),
    run: (...words) => runMain(product, [...words, '--file', file]),
  };
}

function productIn(folder: string, explanations: readonly Explanation[]): Product {
  const thing = (name: string): Resource => {
    const path = join(folder, 'made', name);
    return {
      id: `thing:${name}`,
      desired: { there: true },
      question: command(sh`[ -e ${path} ] && echo yes; true`, (said) => ({ there: said === 'yes' })),
      steps: () => [{ run: sh`[ ! -e ${join(folder, 'refuse')} ] && touch ${path}` }],
    };
  };
  const phase = (name: string, machines: readonly string[], leaving: readonly string[]): Phase<string> => ({
    ...{ name, title: `Do ${name}`, on: name === 'leave' ? ['master'] : machines },
    stages: [
      {
        title: name,
        resources: (machine) =>
          name === 'leave' ? leaving.map((one) => thing(`${one}-gone`)) : [thing(`${machine}-${name}`)],
      },
    ],
  });
  const all = (machines: readonly string[], leaving: readonly string[]) =>
    names.map((name) => phase(name, machines, leaving));
  return {
    ...recipeless,
    prepare: async (cluster) => ({
      keep: async () => undefined,
      kubeconfig: 'kubeconfig',
      recipe: async ({ leaving }) => ({
        facts: sh`echo facts`,
        plan: () => ({
          phases: all(
            cluster.nodes.map(({ name }) => name),
            leaving.map(({ name }) => name),
          ),
          scope: (machine) => machine,
          notes: [],
        }),
      }),
    }),
    phases: async ({ nodes }) =>
      all(
        nodes.map(({ name }) => name),
        [],
      ).map(({ name, title, on }): PhaseSummary => ({
        ...{
          name,
          part: null,
          title,
          on,
          needs: [`${name} to be possible`],
          docs: `https://example.org/${name}`,
        },
      })),
    explain: async (_, machine, is) => (machine === 'master' ? explanations.filter(({ id }) => is(id)) : []),
  };
}

/** The command as it would be typed, and what it wrote. */
export async function runMain(
  product: Product,
  words: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.out += String(text);
    return true;
  });
  const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.err += String(text);
    return true;
  });
  try {
    const code = await main(words, '0.0.0', product);
    return { code, ...written };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}
