import type { Readable, Writable } from 'node:stream';
import type { Connection } from './connection.ts';

/** What a connection stands on: it can start one command on the machine. SSH, local, and sudo over either. */
export interface Transport {
  readonly label: string;
  connect(): Promise<void>;
  /**
   * Starts one command made of words that every login shell reads alike (no `!`, no backslash, single quotes
   * only). Throws ConnectionError when there is no open connection.
   */
  exec(command: string): Promise<Channel>;
  close(): Promise<void>;
}

/** One running command. */
export interface Channel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The exit code (128 + n for signal n); null when the connection broke before one arrived. */
  readonly exited: Promise<number | null>;
  /** All output was delivered, nothing more will come. */
  readonly closed: Promise<void>;
  /** When the connection broke: how that was noticed, in words that follow "minion-1: ". */
  loss(): string;
  /** Our side is no longer interested; the command may go on until its own limit. */
  abandon(): void;
}

/** A connection that can be decorated, since it shows what it stands on. */
export interface TransportConnection extends Connection {
  readonly transport: Transport;
}
