import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { ArtefactError } from '../errors.ts';

export interface DownloadOptions {
  /** Seconds without a single byte after which a transfer is given up. */
  readonly stallSeconds: number;
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

/** Streams an address into a file and returns the sha256 of its bytes. Throws ArtefactError. */
export async function downloadFile(
  url: string,
  file: string,
  options: DownloadOptions,
  onProgress: (doneBytes: number, totalBytes: number) => void,
): Promise<string> {
  const hash = createHash('sha256');
  const out = await open(file, 'wx');
  try {
    const { size } = await receive(url, options, async (chunk, done, total) => {
      hash.update(chunk);
      await out.writeFile(chunk);
      if (done < total || total === 0) onProgress(done, total);
    });
    onProgress(size, size);
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

/** Returns how many bytes came. `totalBytes` is 0 when the server does not tell. */
async function receive(
  url: string,
  options: DownloadOptions,
  onChunk: OnChunk,
): Promise<{ readonly size: number; readonly headers: Headers }> {
  const abort = new AbortController();
  const stall = setTimeout(() => abort.abort(), options.stallSeconds * 1000);
  try {
    const response = await follow(mirrored(url, options.mirrors), 'GET', abort.signal, options.accept);
    const total = Number(response.headers.get('content-length') ?? 0);
    let done = 0;
    for await (const chunk of response.body ?? []) {
      stall.refresh();
      done += chunk.length;
      await onChunk(chunk, done, total);
    }
    if (total > 0 && done !== total) throw new ArtefactError(`${url} ended after ${done} of ${total} bytes`);
    return { size: done, headers: response.headers };
  } catch (error) {
    if (error instanceof ArtefactError) throw error;
    const what = abort.signal.aborted ? `sent nothing for ${options.stallSeconds} s` : 'broke off';
    throw new ArtefactError(`the download of ${url} ${what}`, {
      evidence: causes(error),
      remedy:
        'Run again. Where it stays closed, artefacts.source "modules" in cluster.json compiles instead.',
    });
  } finally {
    clearTimeout(stall);
    abort.abort();
  }
}

/** Follows a few redirects by hand, so that none leads from https to plain http. */
export async function follow(
  url: string,
  method: 'GET' | 'HEAD',
  signal: AbortSignal,
  accept = '*/*',
): Promise<Response> {
  let target = new URL(url);
  for (let hops = 0; hops <= redirectLimit; hops++) {
    refusePlainHttp(target);
    const response = await fetch(target, {
      method,
      signal,
      redirect: 'manual',
      headers: { accept, 'accept-encoding': 'identity' },
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
