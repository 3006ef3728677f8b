import type { SshTarget } from '../cluster/model.ts';
import { targetText } from '../cluster/ssh-target.ts';
import type { Connection } from '../connection/connection.ts';
import type { KnownHosts } from '../connection/known-hosts.ts';
import type { ClientSettings } from '../connection/openssh-config.ts';
import type { SshOptions } from '../connection/ssh-client.ts';
import type { Way } from '../connection/way.ts';
import { ConnectionError } from '../errors.ts';
import { secrets } from './secret.ts';

/** Opens ways to machines as cluster.json, OpenSSH's configuration and Vagrant tell them. */
export interface Reach {
  /** `configured`: what the target leaves out is taken from OpenSSH's configuration. Connects to nobody yet. */
  to(name: string, target: SshTarget | 'local', configured: boolean): Promise<Connection>;
  close(): Promise<void>;
}

/** @param connectTimeout seconds */
export function reach(hosts: KnownHosts, connectTimeout: number): Reach {
  const open = new Map<string, Promise<Connection>>();
  const ways = new Map<string, Promise<Way>>();
  const secret = secrets();

  function to(name: string, target: SshTarget | 'local', configured: boolean): Promise<Connection> {
    return once(open, `${name} ${JSON.stringify(target)}`, () => make(name, target, configured));
  }

  async function make(name: string, target: SshTarget | 'local', configured: boolean): Promise<Connection> {
    // Loaded only when machines are to be reached: help and validation start faster.
    const [{ sshConnection }, { withSudo }, { localConnection }] = await Promise.all([
      import('../connection/ssh.ts'),
      import('../connection/sudo.ts'),
      import('../connection/local.ts'),
    ]);
    if (target === 'local') return withSudo(localConnection());
    const options = await optionsFor(target, configured, []);
    const { sudoPassword } = target;
    return withSudo(
      sshConnection({ ...options, label: name, knownHosts: keysByName(options.knownHosts, name) }),
      sudoPassword === null ? {} : { password: () => secret(sudoPassword, `password of ${name} for sudo`) },
    );
  }

  /** `inFront`: the machines that are reached through this one. */
  async function optionsFor(
    target: SshTarget,
    configured: boolean,
    inFront: readonly string[],
  ): Promise<SshOptions> {
    const { host, port, user, keys, hostKey, passphrase } = target;
    const plain = { host, port: port ?? 22, user: user ?? 'root', keys: keys ?? [] };
    const common = {
      knownHosts: hostKey === null ? hosts : given(hostKey, hosts),
      connectTimeout,
      ...(passphrase === null
        ? {}
        : { passphrase: () => secret(passphrase, `passphrase of the key for ${host}`) }),
    };
    if (!configured) return { ...plain, ...common };
    const { clientSettings } = await import('../connection/openssh-config.ts');
    const settings = await clientSettings(target);
    const way = await wayTo(target, settings, inFront);
    return {
      ...plain,
      ...common,
      ...{ host: settings.host, port: settings.port, user: settings.user },
      ...{ usualKeys: settings.keys, onlyKeys: settings.onlyKeys },
      ...(target.agent && settings.agent !== null ? { agent: settings.agent } : {}),
      ...(way === null ? {} : { way }),
    };
  }

  async function wayTo(
    target: SshTarget,
    { jumps, command }: Pick<ClientSettings, 'jumps' | 'command'>,
    inFront: readonly string[],
  ): Promise<Way | null> {
    const bastion = target.bastion ?? behind(jumps, target);
    if (bastion !== null) {
      const key = JSON.stringify(bastion);
      if (inFront.includes(key)) throw roundabout(targetText(bastion));
      return once(ways, key, () => through(bastion, [...inFront, key]));
    }
    if (command === null) return null;
    const { throughCommand } = await import('../connection/way.ts');
    return once(ways, command, async () => throughCommand(command));
  }

  async function through(bastion: SshTarget, inFront: readonly string[]): Promise<Way> {
    const { throughBastion } = await import('../connection/bastion.ts');
    const options = await optionsFor(bastion, true, inFront);
    return throughBastion({ ...options, label: placeOf(options) });
  }

  async function close(): Promise<void> {
    await Promise.all((await known(open)).map((connection) => connection.close()));
    for (const way of await known(ways)) way.close();
  }

  return { to, close };
}

/** "gate", or "gate:2222": under this name its host key is kept. */
const placeOf = ({ host, port }: SshOptions): string => (port === 22 ? host : `${host}:${port}`);

/** The servers of OpenSSH's ProxyJump, as one behind the other. */
function behind(jumps: readonly string[], { agent, passphrase }: SshTarget): SshTarget | null {
  return jumps.reduce<SshTarget | null>((bastion, jump) => {
    const [, user = null, host = jump, port] =
      /^(?:ssh:\/\/)?(?:([^@]+)@)?(.+?)(?::(\d+))?$/.exec(jump) ?? [];
    const end = { host, port: port === undefined ? null : Number(port), user };
    return { ...end, keys: null, agent, passphrase, sudoPassword: null, hostKey: null, bastion };
  }, null);
}

const roundabout = (bastion: string): ConnectionError =>
  new ConnectionError('unreachable', `${bastion} is to be reached through itself`, {
    remedy: 'Give it "ProxyJump none" in OpenSSH’s configuration.',
  });

/** What was found, without those that could not be. */
const known = async <T>(all: ReadonlyMap<string, Promise<T>>): Promise<T[]> =>
  (await Promise.allSettled(all.values())).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));

function once<T>(all: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const there = all.get(key);
  if (there !== undefined) return there;
  const made = make();
  all.set(key, made);
  return made;
}

/**
 * A machine's key is kept under its name: under VirtualBox the endpoint is a forwarded port, and another machine's
 * tomorrow.
 */
export const keysByName = (hosts: KnownHosts, name: string): KnownHosts => ({
  file: hosts.file,
  load: () => hosts.load(name, 22),
  record: (_host, _port, key) => hosts.record(name, 22, key),
  forget: () => hosts.forget(name, 22),
});

/** The one key that cluster.json names; kept in the place of any other, for programs that call ssh. */
function given(line: string, hosts: KnownHosts): KnownHosts {
  const [type = '', base64 = ''] = line.split(' ');
  const key = Buffer.from(base64, 'base64');
  return {
    ...hosts,
    async load(host, port) {
      const there = await hosts.load(host, port);
      if (there.length !== 1 || there[0]?.key.equals(key) !== true) {
        await hosts.forget(host, port);
        await hosts.record(host, port, key);
      }
      return [{ type, key }];
    },
  };
}
