import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { ConnectionError, MachineError } from '../errors.ts';
import { attend } from './attend.ts';
import type { Upload } from './connection.ts';
import { newMarkers } from './frame.ts';
import { framedScript, scriptThenContentCommand } from './framed-script.ts';
import type { Script } from './quote.ts';
import { sh, verbatim } from './quote.ts';
import type { Channel, Transport } from './transport.ts';
import { newFile, putInPlace, temporary, writingFunctions } from './write-file.ts';

const chunkBytes = 256 * 1024;
/** Slower than this many bytes a second, an upload is given up. */
const slowest = 128 * 1024;

/** Writes one file over a transport; see Connection.put. Throws MachineError, or ConnectionError when it broke. */
export async function putFile(transport: Transport, file: Upload): Promise<void> {
  const size = await contentSize(transport, file);
  const markers = newMarkers();
  const limit = 120 + Math.ceil(size / slowest);
  const script = Buffer.from(framedScript(putScript(file, size), markers, { input: 'channel' }));
  let unsent: string[] = [];
  const result = await attend(transport, {
    command: scriptThenContentCommand(limit, script.length),
    markers,
    limit,
    async send(channel) {
      try {
        await write(channel, script);
        await sendContent(channel, file, size);
      } catch (error) {
        unsent = [error instanceof Error ? error.message : String(error)];
      }
      channel.stdin.end();
    },
  });
  if (result.ok) return;
  if (result.outcome === 'lost') {
    const loss = result.stderr.trimEnd().split('\n').at(-1) ?? '';
    throw new ConnectionError('lost', `${transport.label}: ${loss} while ${file.path} was sent`);
  }
  const [first = `exit code ${result.code}`, ...more] = result.stderr.trim().split('\n');
  const message = result.outcome === 'limit' ? `${file.path} was not written within ${limit} s` : first;
  throw new MachineError(transport.label, message, { evidence: [...more, ...unsent] });
}

function putScript(file: Upload, size: number): Script {
  const sent = verbatim(temporary(file));
  return sh`${verbatim(writingFunctions([file]), newFile(file, size, 'cat'))}
if command -v openssl >/dev/null; then hw_sum=$(openssl dgst -sha256 -r <${sent}); else hw_sum=$(sha256sum <${sent}); fi
hw_sum=\${hw_sum%% *} hw_wanted=${file.sha256}
hw_says="it is $hw_sum, expected $hw_wanted"
[ "$hw_sum" = "$hw_wanted" ] || hw_stop ${'checking sha256'}
${verbatim(putInPlace([file]))}`;
}

async function contentSize(transport: Transport, file: Upload): Promise<number> {
  if (Buffer.isBuffer(file.content)) return file.content.length;
  const { file: local } = file.content;
  try {
    return (await stat(local)).size;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MachineError(transport.label, `${local}, to be sent as ${file.path}, cannot be read`, {
      evidence: [why],
    });
  }
}

async function sendContent(channel: Channel, file: Upload, total: number): Promise<void> {
  let sent = 0;
  for await (const chunk of chunks(file.content)) {
    await write(channel, chunk);
    sent += chunk.length;
    file.onProgress?.(sent, total);
  }
}

async function* chunks(content: Upload['content']): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(content)) {
    for (let at = 0; at < content.length; at += chunkBytes) yield content.subarray(at, at + chunkBytes);
    return;
  }
  for await (const chunk of createReadStream(content.file, { highWaterMark: chunkBytes }))
    yield chunk as Buffer;
}

/** Back-pressure: the next chunk is read only when this one left us; a command that ended stops the sending. */
async function write(channel: Channel, chunk: Buffer): Promise<void> {
  const over = channel.closed.then(() =>
    Promise.reject(new Error('the command ended before it had read everything')),
  );
  await Promise.race([over, flushed(channel.stdin, chunk)]);
}

function flushed(stream: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}
