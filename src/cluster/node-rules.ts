/** Rules over the names and SSH targets of the entries of `nodes`. */
import type { Entry } from './entry.ts';
import { endpointOf, isCounted, machineNames, ownAddress, sshOf } from './entry.ts';
import type { Finding } from './problem.ts';
import { isBrokenAddress } from './ranges.ts';
import type { Range } from './ranges.ts';

export function nodeFindings(entries: readonly Entry[], range: Range | undefined): readonly Finding[] {
  return [
    ...entries.flatMap((entry, index) => entryFindings(entry, index, range)),
    ...sharedEndpoints(entries),
  ];
}

function entryFindings(entry: Entry, index: number, range: Range | undefined): readonly Finding[] {
  if (entry === undefined) return [];
  const findings: Finding[] = [];
  const complain = (key: string, message: string) =>
    findings.push({ path: ['nodes', index, key], at: 'value', message });

  const longest = machineNames(entry).at(-1);
  if (longest !== undefined && longest.length > 63) {
    complain('name', `the machine name "${longest}" is longer than 63 characters`);
  }
  if (entry.name === 'localhost') complain('name', '"localhost" is every machine\'s own name for itself');

  const ssh = sshOf(entry);
  if (/^[0-9.]+\.[0-9]+$/.test(entry.name ?? '')) findings.push(...numbered(entry, index, range));
  if (ssh === undefined) return findings;
  if (isCounted(entry))
    complain('count', 'cannot stand beside "ssh", which reaches one machine; write an entry for each');
  if (ssh.interface && entry.interface && ssh.interface !== entry.interface) {
    complain('interface', `"${entry.interface}" contradicts "${ssh.interface}" in "ssh"`);
  }
  const host = endpointOf(entry)?.host ?? '';
  if (isBrokenAddress(host)) complain('ssh', `${host} is no IPv4 address`);
  return findings;
}

/** A name that is an address: certificates and the node object would contradict another one. */
function numbered(entry: Entry, index: number, range: Range | undefined): readonly Finding[] {
  const name = entry?.name ?? '';
  const path = ['nodes', index, 'name'];
  if (isBrokenAddress(name)) return [{ path, at: 'value', message: `${name} is no IPv4 address` }];
  if (sshOf(entry) === undefined)
    return [{ path, at: 'value', message: `an address names only a machine that is reached by "ssh"` }];
  const address = ownAddress(entry, range);
  if (address === undefined || address === name) return [];
  const message = `is an address, but not that of its machine, ${address}; give it that one or a name`;
  return [{ path, at: 'value', message }];
}

/** Two entries that reach the same machine: it would be master and minion at once, or minion twice. */
function sharedEndpoints(entries: readonly Entry[]): readonly Finding[] {
  const first = new Map<string, number>();
  return entries.flatMap((entry, index) => {
    const endpoint = endpointText(entry);
    if (endpoint === undefined) return [];
    const earlier = first.get(endpoint);
    if (earlier === undefined) {
      first.set(endpoint, index);
      return [];
    }
    return [
      {
        path: ['nodes', index, 'ssh'],
        at: 'value',
        message: `${endpoint} is the machine of nodes[${earlier}]`,
      },
    ];
  });
}

/** Behind another bastion the same address is another machine. */
function endpointText(entry: Entry): string | undefined {
  if (sshOf(entry)?.entry === 'local') return 'this computer';
  const ssh = endpointOf(entry);
  if (ssh?.host === undefined) return undefined;
  const through = ssh.bastion === undefined ? '' : ` through ${JSON.stringify(ssh.bastion)}`;
  return `${ssh.host.toLowerCase()}:${ssh.port ?? 22}${through}`;
}
