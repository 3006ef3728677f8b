import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ArtefactError, HardwayError } from '../errors.ts';
import { refuseWithoutRoomFor, writeError } from '../here.ts';

export interface DownloadOptions {
  /** Seconds without a single byte after which a transfer is given up. */
  readonly stallSeconds: number;
  /** A transfer that brings fewer bytes a second for so many seconds is given up too. */
  readonly slow: { readonly bytesPerSecond: number; readonly seconds: number };
  /** Replaces the beginning of addresses: { 'https://dl.k8s.io': 'https://mirror.example/k8s' }. */
  readonly mirrors: Readonly<Record<string, string>>;
  /** Media types, for a server that keeps several forms of a thing. */
  readonly accept?: string;
}

const redirectLimit = 5;
const smallLimit = 4 << 20;

/** Address after mirrors. */
export function mirrored(url: string, mirrors: DownloadOptions['mirrors']): string {
  const [from, to] = Object.entries(mirrors).find(([start]) => url.startsWith(`${start}/`)) ?? ['', ''];
  return to.replace(/\/$/, '') + url.slice(from.length);
}

/** How often a transfer is taken up again where it broke off. */
const resumptions = 3;

/**
 * Streams an address into a file and returns the sha256 of its bytes. What breaks off or crawls is taken up again
 * where it stopped, a few times. Throws ArtefactError.
 */
export async function downloadFile(
  url: string,
  file: string,
  options: DownloadOptions,
  onProgress: (doneBytes: number, totalBytes: number) => void,
): Promise<string> {
  let hash = createHash('sha256');
  let done = 0;
  const out = await open(file, 'ax'); // what is written always goes to the end
  const take: OnChunk = async (chunk, doneBytes, total) => {
    // A server that cannot go on from the middle begins again.
    if (doneBytes === chunk.length && done > 0) {
      hash = createHash('sha256');
      await out.truncate(0);
    }
    hash.update(chunk);
    if (done === 0) refuseWithoutRoomFor(file, total);
    await out.writeFile(chunk).catch((error: unknown) => {
      throw writeError(error, file, total > 0 ? total - done : chunk.length);
    });
    done = doneBytes;
    if (done < total || total === 0) onProgress(done, total);
  };
  try {
    for (let attempt = 0; ; attempt += 1) {
      const before = done;
      try {
        await receive(url, options, take, done);
        break;
      } catch (error) {
        // Without a single byte more, trying again would be in vain.
        if (!(error instanceof BrokenOff) || attempt === resumptions || done === before) throw error;
      }
    }
    onProgress(done, done);
    return hash.digest('hex');
  } finally {
    await out.close();
  }
}

/** A small text, such as a checksum file or a manifest: its bytes and what the server says of them. */
export async function downloadSmall(
  url: string,
  options: DownloadOptions,
): Promise<{ readonly bytes: Buffer; readonly headers: Headers }> {
  const chunks: Uint8Array[] = [];
  const { headers } = await receive(url, options, async (chunk, done) => {
    if (done > smallLimit) {
      throw new ArtefactError(`${url} is far too long: above ${smallLimit} bytes where a short text belongs`);
    }
    chunks.push(chunk);
  });
  return { bytes: Buffer.concat(chunks), headers };
}

type OnChunk = (chunk: Uint8Array, doneBytes: number, totalBytes: number) => Promise<void>;

/** The server has the thing and did not bring all of it: worth another try. */
class BrokenOff extends ArtefactError {}

/**
 * Everything from byte `from` on, or from the first one where the server does not know ranges. `totalBytes` is 0 when
 * the server does not tell.
 */
async function receive(
  url: string,
  options: DownloadOptions,
  onChunk: OnChunk,
  from = 0,
): Promise<{ readonly headers: Headers }> {
  const abort = new AbortController();
  const give = (why: string): void => abort.abort(why);
  const { stallSeconds, slow } = options;
  const stall = setTimeout(() => give(`sent nothing for ${stallSeconds} s`), stallSeconds * 1000);
  let lately = 0;
  const look = (): void => {
    const [rate, least] = [lately / slow.seconds, slow.bytesPerSecond].map((bytes) => bytes / 1000);
    if (lately < slow.bytesPerSecond * slow.seconds)
      give(`brought only ${rate?.toFixed(1)} KB/s for ${slow.seconds} s; ${least} KB/s is the least`);
    lately = 0;
  };
  let pace: NodeJS.Timeout | undefined;
  try {
    const range: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
    const target = mirrored(url, options.mirrors);
    const response = await follow(target, 'GET', abort.signal, options.accept, range);
    let done = response.status === 206 ? from : 0;
    const length = Number(response.headers.get('content-length') ?? 0);
    const total = length === 0 ? 0 : done + length;
    pace = setInterval(look, slow.seconds * 1000);
    for await (const chunk of response.body ?? []) {
      stall.refresh();
      lately += chunk.length;
      done += chunk.length;
      await onChunk(chunk, done, total);
    }
    if (total > 0 && done !== total) throw new BrokenOff(`${url} ended after ${done} of ${total} bytes`);
    return { headers: response.headers };
  } catch (error) {
    if (error instanceof HardwayError) throw error;
    const what = abort.signal.aborted ? String(abort.signal.reason) : 'broke off';
    throw new BrokenOff(`the download of ${url} ${what}`, {
      evidence: abort.signal.aborted ? [] : causes(error),
      remedy:
        'Run again. Where it stays closed, artefacts.source "modules" in cluster.json compiles instead.',
    });
  } finally {
    clearTimeout(stall);
    clearInterval(pace);
    abort.abort();
  }
}

/** Follows a few redirects by hand, so that none leads from https to plain http. */
export async function follow(
  url: string,
  method: 'GET' | 'HEAD',
  signal: AbortSignal,
  accept = '*/*',
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  let target = new URL(url);
  for (let hops = 0; hops <= redirectLimit; hops++) {
    refusePlainHttp(target);
    const response = await fetch(target, {
      method,
      signal,
      redirect: 'manual',
      headers: { accept, 'accept-encoding': 'identity', ...more },
    });
    const location = response.headers.get('location');
    if (response.ok) return response;
    await response.body?.cancel();
    if (response.status < 300 || response.status > 399 || location === null) {
      throw new ArtefactError(`${target.href} answered ${response.status} ${response.statusText}`.trimEnd());
    }
    target = new URL(location, target);
  }
  throw new ArtefactError(`${url} redirects more than ${redirectLimit} times`, {
    evidence: [`last: ${target.href}`],
  });
}

function refusePlainHttp(target: URL): void {
  const loopback = target.hostname === '127.0.0.1' || target.hostname === 'localhost';
  if (target.protocol === 'https:' || (target.protocol === 'http:' && loopback)) return;
  throw new ArtefactError(`${target.href} is not https`);
}

/** fetch hides the reason in `cause`. */
export function causes(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [error.message, ...(error.cause === undefined ? [] : causes(error.cause))];
}
