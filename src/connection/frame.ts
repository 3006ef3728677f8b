import { randomBytes } from 'node:crypto';

/** What a script prints around its output. Random for each run: no text of a machine can imitate it. */
export interface Markers {
  readonly begin: string;
  readonly end: string;
}

export function newMarkers(): Markers {
  const id = randomBytes(16).toString('hex');
  return { begin: `hw-begin-${id}\n`, end: `hw-end-${id} ` };
}

/** Cuts one stream down to what stands between the markers: banners, motd and start-up files fall away. */
export interface Frame {
  push(chunk: Buffer): void;
  /** Hands on what was held back in case it was the beginning of the end marker. */
  flush(): void;
  readonly begun: boolean;
  /** The exit code behind the end marker; null until it was seen. */
  readonly code: number | null;
}

export function frame(markers: Markers, onBytes: (bytes: Buffer) => void): Frame {
  const begin = Buffer.from(markers.begin);
  const end = Buffer.from(markers.end);
  let state: 'before' | 'inside' | 'after' = 'before';
  let pending: Buffer = Buffer.alloc(0);
  let code: number | null = null;

  function emit(bytes: Buffer): void {
    if (bytes.length > 0) onBytes(bytes);
  }

  function before(): void {
    const at = pending.indexOf(begin);
    if (at < 0) {
      pending = pending.subarray(Math.max(0, pending.length - begin.length + 1));
      return;
    }
    pending = pending.subarray(at + begin.length);
    state = 'inside';
  }

  function inside(): void {
    const at = pending.indexOf(end);
    const upTo = at < 0 ? pending.length - heldBack(pending, end) : at;
    emit(pending.subarray(0, upTo));
    pending = pending.subarray(at < 0 ? upTo : at + end.length);
    if (at >= 0) state = 'after';
  }

  function after(): void {
    const found = /^(\d{1,3})\n/.exec(pending.toString('latin1', 0, 4));
    if (found && code === null) code = Number(found[1]);
    pending = pending.subarray(0, 4);
  }

  return {
    push(chunk) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      if (state === 'before') before();
      if (state === 'inside') inside();
      if (state === 'after') after();
    },
    flush() {
      if (state === 'inside') emit(pending);
      pending = Buffer.alloc(0);
    },
    get begun() {
      return state !== 'before';
    },
    get code() {
      return code;
    },
  };
}

/** How many last bytes could be the beginning of the marker. */
function heldBack(bytes: Buffer, marker: Buffer): number {
  const first = marker[0]!;
  const from = Math.max(0, bytes.length - marker.length + 1);
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (marker.compare(bytes, at, bytes.length, 0, bytes.length - at) === 0) return bytes.length - at;
  }
  return 0;
}
