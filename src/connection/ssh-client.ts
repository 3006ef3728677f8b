import type { Socket } from 'node:net';
import ssh2 from 'ssh2';
import type { AnyAuthMethod, Client } from 'ssh2';
import type { ConnectionError } from '../errors.ts';
import { registerSecret } from '../report/redact.ts';
import type { HostKey, KnownHosts } from './known-hosts.ts';
import { algorithms } from './ssh-algorithms.ts';
import { authenticationFault, booting, hostKeyFault, openingFault, silenceSeconds } from './ssh-faults.ts';
import { loadKeys } from './ssh-keys.ts';
import { openSocket } from './ssh-socket.ts';

export interface SshOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private key files, tried in order. */
  readonly keys: readonly string[];
  /** Used instead of the keys. */
  readonly password?: string;
  readonly knownHosts: KnownHosts;
  /** The machine's name as the user knows it; default user@host:port. */
  readonly label?: string;
  /** Seconds for the TCP connection, and again for the SSH handshake; default 10. */
  readonly connectTimeout?: number;
}

/** An authenticated SSH connection, and how many milliseconds its handshake took. */
export interface Opened {
  readonly client: Client;
  readonly handshake: number;
}

/** Opens one connection to the machine we know by its key; `signal` ends it. Throws ConnectionError. */
export async function openClient(label: string, options: SshOptions, signal: AbortSignal): Promise<Opened> {
  const seconds = options.connectTimeout ?? 10;
  const { host, port } = options;
  const credentials = await loadCredentials(label, options);
  const known = await options.knownHosts.load(host, port);
  let socket: Socket;
  try {
    socket = await openSocket(host, port, seconds, signal);
  } catch (error) {
    throw openingFault(label, error as Error, 0, seconds);
  }
  const begun = performance.now();
  const { client, offered } = await handshake(label, socket, known, seconds, credentials);
  const took = performance.now() - begun;
  if (known.length === 0) await options.knownHosts.record(host, port, offered);
  return { client, handshake: took };
}

interface Credentials {
  readonly username: string;
  readonly methods: AnyAuthMethod[];
  /** "publickey ~/.ssh/id_ed25519" */
  readonly tried: string;
}

/** Exactly what will be used: ssh2's default begins with an attempt that is known to fail. */
async function loadCredentials(label: string, options: SshOptions): Promise<Credentials> {
  const { user: username, password } = options;
  if (password !== undefined) {
    registerSecret(password);
    return { username, methods: [{ type: 'password', username, password }], tried: 'password' };
  }
  const keys = await loadKeys(label, options.keys);
  if (keys.length === 0) throw authenticationFault(label, username, 'no key and no password');
  return {
    username,
    methods: keys.map(({ key }) => ({ type: 'publickey', username, key })),
    tried: `publickey ${keys.map(({ file }) => file).join(', ')}`,
  };
}

function handshake(
  label: string,
  sock: Socket,
  known: readonly HostKey[],
  seconds: number,
  { username, methods, tried }: Credentials,
): Promise<{ client: Client; offered: Buffer }> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.setMaxListeners(32); // each open channel listens for the end
    let offered: Buffer = Buffer.alloc(0);
    let changed: ConnectionError | undefined;
    let banner = '';
    const opening = (error: Error) =>
      booting(label, banner) ?? openingFault(label, error, sock.bytesRead, seconds);

    client.on('banner', (text) => (banner = text));
    client.once('ready', () => resolve({ client, offered }));
    // Stays for good: an error after 'ready' is followed by 'close', which is what others listen to.
    client.on('error', (error: Error & { level?: string }) => {
      sock.destroy();
      if (changed) reject(changed);
      else if (error.level === 'client-authentication')
        reject(booting(label, banner) ?? authenticationFault(label, username, tried));
      else reject(opening(error));
    });
    client.once('close', () => reject(opening(new Error('closed'))));
    client.connect({
      sock,
      username,
      authHandler: methods,
      algorithms: algorithms(known.map(({ type }) => type)),
      hostVerifier: (key: Buffer) => {
        offered = key;
        if (known.length === 0 || known.some((one) => one.key.equals(key))) return true;
        changed = hostKeyFault(label, known, key);
        return false;
      },
      readyTimeout: seconds * 1000,
      keepaliveInterval: (silenceSeconds / 3) * 1000,
      keepaliveCountMax: 2,
    });
  });
}
