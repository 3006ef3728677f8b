/** A question for the address of a name (A, IN), as printf writes it; ends with the root, so that nothing is added. */
export function dnsQuestion(name: string): string {
  const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)]);
  // An id, "please recurse", one question; type A, class IN.
  const bytes = [0x48, 0x57, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, ...labels, 0, 0, 1, 0, 1];
  return bytes.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/** Of the first twelve bytes of an answer (decimal, as od prints them): whether they bring an address. */
export function isResolved(header: string): boolean {
  const bytes = header.trim().split(/ +/).map(Number);
  if (bytes.length < 12) return false;
  const [, , , flags = 15, , , high = 0, low = 0] = bytes;
  return (flags & 15) === 0 && high * 256 + low > 0;
}
