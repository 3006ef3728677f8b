const newline = 0x0a;

/** Cuts bytes into complete lines; a line longer than `longest` bytes is handed out in pieces. */
export function eachLine(onLine: (line: string) => void, longest = 64 * 1024): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  const hand = (bytes: Buffer): void => {
    for (let at = 0; at === 0 || at < bytes.length; at += longest) {
      onLine(bytes.toString('utf8', at, Math.min(at + longest, bytes.length)));
    }
  };
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = rest.indexOf(newline); at >= 0; at = rest.indexOf(newline, from)) {
      hand(rest.subarray(from, at));
      from = at + 1;
    }
    const whole = from + Math.floor((rest.length - from) / longest) * longest;
    if (whole > from) hand(rest.subarray(from, whole));
    rest = rest.subarray(whole);
  };
}
