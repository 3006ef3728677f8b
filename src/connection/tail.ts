/** Keeps the last bytes of a stream in bounded memory. */
export interface Tail {
  add(chunk: Buffer): void;
  /** The kept bytes as text; a leading line tells when earlier ones were dropped. */
  text(): string;
}

/** @param limit bytes kept */
export function tail(limit: number): Tail {
  let chunks: Buffer[] = [];
  let kept = 0;
  let dropped = 0;

  function trim(): void {
    // Joined only now and then: many small chunks must not cost a copy each.
    const whole = Buffer.concat(chunks);
    const excess = Math.max(0, whole.length - limit);
    dropped += excess;
    chunks = [Buffer.from(whole.subarray(excess))];
    kept = whole.length - excess;
  }

  return {
    add(chunk) {
      chunks.push(chunk);
      kept += chunk.length;
      if (kept > 2 * limit || chunks.length > 4096) trim();
    },
    text() {
      trim();
      const text = (chunks[0] ?? Buffer.alloc(0)).toString('utf8');
      return dropped > 0 ? `[${dropped} bytes before this were dropped]\n${text}` : text;
    },
  };
}
