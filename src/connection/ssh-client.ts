import type { Duplex } from 'node:stream';
import ssh2 from 'ssh2';
import type { Client } from 'ssh2';
import { ConnectionError } from '../errors.ts';
import type { HostKey, KnownHosts } from './known-hosts.ts';
import { algorithms } from './ssh-algorithms.ts';
import { type Credentials, loadCredentials } from './ssh-credentials.ts';
import {
  authenticationFault,
  booting,
  hostKeyFault,
  onTheWay,
  openingFault,
  silenceSeconds,
} from './ssh-faults.ts';
import type { Passphrase } from './ssh-keys.ts';
import { openSocket } from './ssh-socket.ts';
import type { Way } from './way.ts';

export interface SshOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Private key files, tried in order; every one must be there. */
  readonly keys: readonly string[];
  /** Private key files that are tried when none is named. */
  readonly usualKeys?: readonly string[];
  /** Opens those that are protected. */
  readonly passphrase?: Passphrase;
  /** Socket of an SSH agent, which may know the named keys, or others. */
  readonly agent?: string;
  /** Of the agent too only the keys of these files. */
  readonly onlyKeys?: boolean;
  /** Used instead of the keys. */
  readonly password?: string;
  readonly knownHosts: KnownHosts;
  /** The machine's name as the user knows it; default user@host:port. */
  readonly label?: string;
  /** Seconds for the TCP connection, and again for the SSH handshake; default 10. */
  readonly connectTimeout?: number;
  /** How to get there; default: straight over the network. */
  readonly way?: Way;
}

/** An authenticated SSH connection, and how many milliseconds its handshake took. */
export interface Opened {
  readonly client: Client;
  /** What it goes over. */
  readonly socket: Duplex;
  readonly handshake: number;
}

/** Says goodbye. A silent peer never answers that, and the client itself lets go of nothing that it has ended. */
export function hangUp({ client, socket }: Pick<Opened, 'client' | 'socket'>): void {
  client.end();
  setTimeout(() => socket.destroy(), 1000).unref();
}

/** Opens one connection to the machine we know by its key; `signal` ends it. Throws ConnectionError. */
export async function openClient(label: string, options: SshOptions, signal: AbortSignal): Promise<Opened> {
  const seconds = options.connectTimeout ?? 10;
  const { host, port } = options;
  const credentials = await loadCredentials(label, options);
  const known = await options.knownHosts.load(host, port);
  let socket: Duplex;
  try {
    socket = await (options.way?.open ?? openSocket)(host, port, seconds, signal);
  } catch (error) {
    throw error instanceof ConnectionError
      ? onTheWay(label, error)
      : openingFault(label, error as Error, 0, seconds);
  }
  const begun = performance.now();
  const { client, offered } = await handshake(
    label,
    socket,
    known,
    options.knownHosts.file,
    seconds,
    credentials,
  );
  const took = performance.now() - begun;
  if (known.length === 0) await options.knownHosts.record(host, port, offered);
  return { client, socket, handshake: took };
}

function handshake(
  label: string,
  sock: Duplex,
  known: readonly HostKey[],
  record: string,
  seconds: number,
  { username, methods, tried }: Credentials,
): Promise<{ client: Client; offered: Buffer }> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client();
    client.setMaxListeners(32); // each open channel listens for the end
    let offered: Buffer = Buffer.alloc(0);
    let changed: ConnectionError | undefined;
    let banner = '';
    let heard = 0;
    sock.once('data', (chunk: Buffer) => (heard = chunk.length));
    const opening = (error: Error) => booting(label, banner) ?? openingFault(label, error, heard, seconds);

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
        changed = hostKeyFault(label, known, key, record);
        return false;
      },
      readyTimeout: seconds * 1000,
      keepaliveInterval: (silenceSeconds / 3) * 1000,
      keepaliveCountMax: 2,
    });
  });
}
