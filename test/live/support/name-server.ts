import { createSocket } from 'node:dgram';

/** Where everything is, says this name server. */
export const SOMEWHERE = '192.0.2.77';

/** A name server for the world outside, on this address of the host: it knows every name, and one address. */
export function nameServer(address: string): Promise<{ asked: readonly string[]; close(): void }> {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, end } = questionIn(query);
    asked.push(name);
    const isForAddress = query.readUInt16BE(end - 4) === 1;
    // Header of the query, but: an answer, recursion available; one question, one answer or none, nothing else.
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(isForAddress ? 1 : 0, 6);
    header.fill(0, 8);
    // The name is where the question has it; an address, of the Internet, for a minute, four bytes long.
    const answer = Buffer.from([
      0xc0,
      12,
      0,
      1,
      0,
      1,
      0,
      0,
      0,
      60,
      0,
      4,
      ...SOMEWHERE.split('.').map(Number),
    ]);
    const parts = [header, query.subarray(12, end), ...(isForAddress ? [answer] : [])];
    socket.send(Buffer.concat(parts), from.port, from.address);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(53, address, () => resolve({ asked, close: () => void socket.close() }));
  });
}

/** The name asked for, and where the question ends: after the name come two bytes of type and two of class. */
function questionIn(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 5 };
}
