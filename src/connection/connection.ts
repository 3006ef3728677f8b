/** How a machine is reached. Four verbs; sudo is a decorated copy; nothing above this file knows about SSH. */
export interface Connection {
  /** Shown in messages: "vagrant@192.168.56.11:22", "local". */
  readonly label: string;
  /** Opens the connection. Throws ConnectionError; safe to call twice. */
  connect(): Promise<void>;
  /** Runs one POSIX shell script on the machine through standard input. Never throws for a failing script. */
  run(script: string, options?: RunOptions): Promise<Result>;
  /** Writes one file: temporary name beside it, sha256 checked on the machine, mode and owner set, fsync, rename. */
  put(file: Upload): Promise<void>;
  /** Closes the connection; safe to call twice. */
  close(): Promise<void>;
}

export interface RunOptions {
  /** Seconds after which the machine itself ends the script (`timeout`). Default 120. */
  readonly limit?: number;
  /**
   * Waits until no other script with the same word here is at work on the machine, whoever sent it, even if its sender
   * is gone; the kernel lets the next one go on when it ends.
   */
  readonly alone?: string;
  /** Called for each complete line of standard output as it arrives. */
  readonly onLine?: (line: string) => void;
  /** Ends the local promise; the script goes on over there until its limit. */
  readonly signal?: AbortSignal;
}

/** Success and failure have the same fields. `ok` is true only for exit code 0 *and* the end marker seen. */
export interface Result {
  readonly ok: boolean;
  /** Exit code; null when the connection was lost before one arrived. */
  readonly code: number | null;
  readonly stdout: string;
  /** When the outcome is 'lost', its last line says how that was noticed: "no answer for 12 s". */
  readonly stderr: string;
  readonly milliseconds: number;
  /** 'ended' | 'limit' (its time was up) | 'lost' (unknown how it ended: look again before judging) | 'aborted'. */
  readonly outcome: 'ended' | 'limit' | 'lost' | 'aborted';
}

export interface Upload {
  readonly path: string;
  /** Bytes, or a local file to stream. */
  readonly content: Buffer | { readonly file: string };
  /** Lower-case hex. */
  readonly sha256: string;
  readonly mode: number;
  /** user:group, default root:root. */
  readonly owner?: string;
  readonly onProgress?: (sentBytes: number, totalBytes: number) => void;
}
