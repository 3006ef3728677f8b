import type { AnyAuthMethod } from 'ssh2';
import { registerSecret } from '../report/redact.ts';
import { agentHolds, agentWith } from './ssh-agent.ts';
import type { SshOptions } from './ssh-client.ts';
import { noKeyFault } from './ssh-faults.ts';
import { loadKey, publicHalf, type LoadedKey } from './ssh-keys.ts';

export interface Credentials {
  readonly username: string;
  readonly methods: AnyAuthMethod[];
  /** "publickey ~/.ssh/id_ed25519" */
  readonly tried: string;
}

/** Exactly what will be used: ssh2's default begins with an attempt that is known to fail. */
export async function loadCredentials(label: string, options: SshOptions): Promise<Credentials> {
  const { user: username, password, keys, usualKeys = [] } = options;
  if (password !== undefined) {
    registerSecret(password);
    return { username, methods: [{ type: 'password', username, password }], tried: 'password' };
  }
  const files = keys.length > 0 ? keys : usualKeys;
  const { agent, held } = await fromAgent(files, options);
  const rest = files.filter((file) => !held.includes(file));
  const own =
    keys.length > 0 ? await allOf(label, rest, options) : await usable(label, rest, options, agent === null);
  if (own.length === 0 && agent === null) throw noKeyFault(label, username, options.host);
  return {
    username,
    methods: [
      ...(agent === null ? [] : [{ type: 'agent' as const, username, agent: agent.agent }]),
      ...own.map(({ key }) => ({ type: 'publickey' as const, username, key })),
    ],
    tried: [
      ...(agent === null
        ? []
        : [`${agent.count === 1 ? 'one key' : `${agent.count} keys`} of the SSH agent`]),
      ...(own.length === 0 ? [] : [`publickey ${own.map(({ file }) => file).join(', ')}`]),
    ].join(' and '),
  };
}

/** What the agent may try, and which of the files it holds: those need not be opened here. */
async function fromAgent(files: readonly string[], { agent: socket, keys, onlyKeys }: SshOptions) {
  const all = socket === undefined ? [] : await agentHolds(socket);
  if (socket === undefined || all.length === 0) return { agent: null, held: [] };
  const halves = await Promise.all(files.map(async (file) => ({ file, half: await publicHalf(file) })));
  const isOf = (half: Buffer | null) => (key: (typeof all)[number]) =>
    half !== null && key.getPublicSSH().equals(half);
  const held = halves.filter(({ half }) => all.some(isOf(half)));
  const named = held.flatMap(({ half }) => all.filter(isOf(half)));
  const others = all.filter((key) => !named.includes(key));
  const may = keys.length > 0 || onlyKeys === true ? named : [...named, ...others];
  return { agent: agentWith(socket, may), held: held.map(({ file }) => file) };
}

const allOf = (label: string, files: readonly string[], { passphrase }: SshOptions): Promise<LoadedKey[]> =>
  Promise.all(files.map((file) => loadKey(label, file, passphrase)));

/** Keys that nobody named: that one cannot be used matters only when there is nothing else. */
async function usable(
  label: string,
  files: readonly string[],
  { passphrase }: SshOptions,
  needed: boolean,
): Promise<LoadedKey[]> {
  const results = await Promise.allSettled(files.map((file) => loadKey(label, file, passphrase)));
  const keys = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const refused = results.find((result) => result.status === 'rejected');
  if (needed && keys.length === 0 && refused !== undefined) throw refused.reason;
  return keys;
}
