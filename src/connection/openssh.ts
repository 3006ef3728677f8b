import { quote, sh } from './quote.ts';
import type { SshOptions } from './ssh-client.ts';

export interface OpenSsh {
  /** The machine's name, under which its host key is kept. */
  readonly name: string;
  readonly target: Pick<SshOptions, 'host' | 'port' | 'user' | 'keys'>;
  /** Our file of host keys; only read. */
  readonly knownHosts: string;
  /** Seconds. */
  readonly connectTimeout: number;
  /** What is to be run there; none: a shell. */
  readonly command: readonly string[];
  /** As root, with root's login environment. */
  readonly root: boolean;
}

/** Arguments of OpenSSH's client that trust exactly what we trust, and nothing of the user's own configuration. */
export function sshArguments({ name, target, knownHosts, connectTimeout, command, root }: OpenSsh): string[] {
  const options = {
    UserKnownHostsFile: `"${knownHosts}"`,
    GlobalKnownHostsFile: '/dev/null',
    HostKeyAlias: name,
    StrictHostKeyChecking: 'yes',
    CheckHostIP: 'no',
    UpdateHostKeys: 'no',
    IdentitiesOnly: 'yes',
    ConnectTimeout: String(connectTimeout),
  };
  const there = root ? asRoot(command) : command;
  return [
    ...['-F', '/dev/null', '-p', String(target.port), '-l', target.user],
    ...target.keys.flatMap((key) => ['-i', key]),
    ...Object.entries(options).flatMap(([option, value]) => ['-o', `${option}=${value}`]),
    ...(root && command.length === 0 ? ['-t'] : []),
    ...['--', target.host, ...there],
  ];
}

/** ssh joins its words with blanks, and the shell over there reads them once more: so it stays for root. */
const asRoot = (command: readonly string[]): string[] =>
  command.length === 0 ? [sh`sudo -n -i`] : [`sudo -n -H -- /bin/sh -lc ${quote(command.join(' '))}`];
