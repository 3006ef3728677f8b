import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { downloadFile, type DownloadOptions } from '../../src/artefacts/download.ts';
import { newAuthority } from '../../src/pki/authority.ts';
import { newKey, privateKeyPem, publicHalf } from '../../src/pki/keys.ts';
import { scratch, serve, sha256 } from './workbench.ts';

const big = Buffer.from(Array.from({ length: 50_000 }, (_, index) => index % 251));
const patient: DownloadOptions = {
  ...{ mirrors: {}, stallSeconds: 5, slow: { bytesPerSecond: 1, seconds: 5 } },
};

/** Downloads `big` from a server that answers each request as told, and tells which ranges were asked for. */
async function download(
  answer: (response: ServerResponse, from: number, asked: number) => void,
  options: Partial<DownloadOptions> = {},
) {
  const ranges: string[] = [];
  const url = await serve(({ headers }, response) => {
    ranges.push(headers.range ?? 'all');
    answer(response, Number(/\d+/.exec(headers.range ?? '')?.[0] ?? 0), ranges.length);
  });
  const file = join(scratch(), 'big');
  const progress: number[] = [];
  const sum = downloadFile(url, file, { ...patient, ...options }, (done) => progress.push(done));
  return { sum, file, ranges, progress };
}

/** A part of what is left, and then nothing any more. */
const breakOff = (response: ServerResponse, from: number, bytes: number): void =>
  void response.write(big.subarray(from, from + bytes), () => setImmediate(() => response.destroy()));

describe('a download', () => {
  it('that breaks off goes on where it stopped', async () => {
    const { sum, file, ranges, progress } = await download((response, from, asked) => {
      response.writeHead(from === 0 ? 200 : 206, { 'content-length': big.length - from });
      if (asked > 2) response.end(big.subarray(from));
      else breakOff(response, from, 20_000);
    });
    expect(await sum).toBe(sha256(big));
    expect(readFileSync(file)).toEqual(big);
    expect(ranges).toEqual(['all', 'bytes=20000-', 'bytes=40000-']);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBe(big.length);
  });

  it('that breaks off begins again where the server knows no ranges', async () => {
    const { sum, file, ranges } = await download((response, _, asked) => {
      response.writeHead(200, { 'content-length': big.length });
      if (asked > 1) response.end(big);
      else breakOff(response, 0, 20_000);
    });
    expect(await sum).toBe(sha256(big));
    expect(readFileSync(file)).toEqual(big);
    expect(ranges).toEqual(['all', 'bytes=20000-']);
  });

  it('that brings nothing more is not tried again', async () => {
    const { sum, ranges } = await download((response, from) => {
      response.writeHead(from === 0 ? 200 : 206, { 'content-length': big.length - from });
      breakOff(response, from, from === 0 ? 20_000 : 0);
    });
    await expect(sum).rejects.toThrow(/the download of .* broke off/);
    expect(ranges).toHaveLength(2);
  });

  it('that crawls is given up after four tries, with the rate', async () => {
    const slow = { bytesPerSecond: 50_000, seconds: 0.1 };
    const { sum, ranges } = await download(
      (response, from) => {
        response.writeHead(from === 0 ? 200 : 206, { 'content-length': big.length - from });
        const drip = setInterval(() => response.write(big.subarray(0, 10)), 20);
        response.on('close', () => clearInterval(drip));
      },
      { slow },
    );
    await expect(sum).rejects.toThrow(
      /the download of .* brought only 0\.\d KB\/s for 0\.1 s; 50 KB\/s is the least/,
    );
    expect(ranges).toHaveLength(4);
  });

  it('over a TLS connection that somebody else reads is refused, whatever was promised', async () => {
    const authority = await newAuthority({ commonName: 'interceptor', days: 1 });
    const key = await newKey('rsa');
    const { certificatePem } = authority.issue({
      ...{ publicKey: publicHalf(key), commonName: 'localhost', usages: ['server'], days: 1 },
      names: { dns: ['localhost'], ip: ['127.0.0.1'] },
    });
    const server = createServer({ cert: certificatePem, key: privateKeyPem(key) }, (_, response) =>
      response.end('read'),
    );
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    onTestFinished(() => void server.close());
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(downloadFile(url, join(scratch(), 'file'), patient, () => undefined)).rejects.toMatchObject({
      message: expect.stringMatching(/the download of .* broke off/) as string,
      evidence: expect.arrayContaining([expect.stringMatching(/certificate/)]) as string[],
    });
  });
});
