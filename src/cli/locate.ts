import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Description, NodeEntry } from '../cluster/description.ts';
import { edited } from '../cluster/edit.ts';
import { loadCluster, readProblems } from '../cluster/load.ts';
import { expand } from '../cluster/machines.ts';
import { parseRange } from '../cluster/ranges.ts';
import { settle } from '../cluster/settings.ts';
import { parseSsh, toTarget } from '../cluster/ssh-target.ts';
import { knownHosts } from '../connection/known-hosts.ts';
import { MachineError } from '../errors.ts';
import { openState } from '../state/directory.ts';
import { writeAtomic } from '../state/write-atomic.ts';
import { type Placeless, placesOf } from './addresses.ts';
import { reach } from './reach.ts';
import { table } from './table.ts';

/**
 * Asks the machines whose address cluster.json does not tell, and writes it there: then keys can be made without them,
 * and everybody reads the same. Returns how many were asked; throws MachineError when one cannot be found out.
 */
export async function locate(file: string, print: (text: string) => void): Promise<number> {
  const text = readFileSync(file, 'utf8');
  const problems = readProblems(text, file);
  const placeless = problems.flatMap(({ path, message }) => {
    const [, index] = /^nodes\[(\d+)\]$/.exec(path) ?? [];
    return index === undefined || !message.startsWith('"address" is needed') ? [] : [Number(index)];
  });
  if (problems.length > placeless.length) loadCluster(file);
  const description = JSON.parse(text) as Description;
  // Vagrant's machines cannot be asked before they are made.
  const open = placeless.filter((index) => description.nodes?.[index]?.ssh !== undefined);
  // Whatever else is wrong is told as ever.
  if (placeless.length > open.length) loadCluster(file);
  if (open.length === 0) return 0;

  const { nodes, network } = settle(description);
  const { machineCidr } = network;
  const folder = dirname(resolve(file));
  const ways = reach(knownHosts(openState(resolve(folder, '.hardway')).path('known_hosts')), 10);
  try {
    const found = await placesOf(await Promise.all(open.map(reached)), machineCidr, written());
    const values = found.map(({ index, address }) => ({ path: ['nodes', index, 'address'], value: address }));
    await writeAtomic(file, edited(text, file, values), statSync(file).mode & 0o777);
    print(
      `${table([['MACHINE', 'ADDRESS', 'INTERFACE'], ...found.map(({ name, address, nic }) => [name, address, nic])])}\n`,
    );
    return found.length;
  } finally {
    await ways.close();
  }

  /** The addresses that need no asking. */
  function written(): string[] {
    const told = expand(nodes, parseRange(machineCidr)).filter(({ entry }) => !open.includes(entry));
    return told.flatMap(({ address }) => address ?? []);
  }

  async function reached(index: number): Promise<Placeless> {
    const { name, ssh, interface: nic } = nodes[index] as NodeEntry;
    const { entry, interface: named } = parseSsh(ssh ?? 'local');
    const connection = await ways.to(name, entry === 'local' ? entry : toTarget(entry, folder), true);
    await connection.connect();
    return {
      ...{ index, name, named: nic ?? named },
      async ask(question) {
        const { ok, stdout, stderr } = await connection.run(question, { limit: 20 });
        if (!ok) throw new MachineError(name, 'does not tell its addresses', { evidence: [stderr.trim()] });
        return stdout;
      },
    };
  }
}
