import type { SshTarget } from '../cluster/model.ts';
import { quote, sh } from './quote.ts';

export interface OpenSsh {
  /** The machine's name, under which its host key is kept. */
  readonly name: string;
  readonly target: SshTarget;
  /** What the target leaves out is taken from the operator's own configuration; otherwise nothing is. */
  readonly configured: boolean;
  /** Our file of host keys; only read. */
  readonly knownHosts: string;
  /** Seconds. */
  readonly connectTimeout: number;
}

export interface Session extends OpenSsh {
  /** What is to be run there; none: a shell. */
  readonly command: readonly string[];
  /** As root, with root's login environment. */
  readonly root: boolean;
}

/** Arguments of OpenSSH's client that trust exactly what we trust. */
export function sshArguments(session: Session): string[] {
  const { target, command, root } = session;
  const there = root ? asRoot(command, target) : command;
  return [
    ...endpointWords(target),
    ...optionWords(session),
    ...(root && command.length === 0 ? ['-t'] : []),
    ...['--', target.host, ...there],
  ];
}

/** Everything but where: for programs that call ssh themselves. */
export function optionWords({ name, target, configured, knownHosts, connectTimeout }: OpenSsh): string[] {
  const { keys, bastion } = target;
  const file = configured ? process.env['HARDWAY_SSH_CONFIG'] : '/dev/null';
  const options = {
    ...trusting(knownHosts),
    HostKeyAlias: name,
    ...(keys === null || keys.length === 0 ? {} : { IdentitiesOnly: 'yes' }),
    ConnectTimeout: String(connectTimeout),
    ...(bastion === null ? {} : { ProxyCommand: through(bastion, knownHosts) }),
  };
  return [
    ...(file === undefined ? [] : ['-F', file]),
    ...Object.entries(options).flatMap(([option, value]) => ['-o', `${option}=${value}`]),
  ];
}

const trusting = (knownHosts: string): Readonly<Record<string, string>> => ({
  UserKnownHostsFile: `"${knownHosts}"`,
  GlobalKnownHostsFile: '/dev/null',
  StrictHostKeyChecking: 'yes',
  CheckHostIP: 'no',
  UpdateHostKeys: 'no',
});

const endpointWords = ({ port, user, keys }: SshTarget): string[] => [
  ...(port === null ? [] : ['-p', String(port)]),
  ...(user === null ? [] : ['-l', user]),
  ...(keys ?? []).flatMap((key) => ['-i', key]),
];

/** A client of its own, because the bastion too is known by our file; ssh fills in where it is to lead. */
function through(bastion: SshTarget, knownHosts: string): string {
  const options = {
    ...trusting(knownHosts),
    ...(bastion.bastion === null ? {} : { ProxyCommand: through(bastion.bastion, knownHosts) }),
  };
  const words = [
    ...endpointWords(bastion),
    ...Object.entries(options).flatMap(([option, value]) => ['-o', `${option}=${value}`]),
  ];
  const quoted = words.map((word) => quote(word).replaceAll('%', '%%'));
  return ['ssh', ...quoted, '-W', '%h:%p', '--', quote(bastion.host)].join(' ');
}

/** ssh joins its words with blanks, and the shell over there reads them once more: so it stays for root. */
function asRoot(command: readonly string[], { sudoPassword }: SshTarget): string[] {
  if (command.length > 0) return [`sudo -n -H -- /bin/sh -lc ${quote(command.join(' '))}`];
  return [sudoPassword === null ? sh`sudo -n -i` : sh`sudo -i`];
}
