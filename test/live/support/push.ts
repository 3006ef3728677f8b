import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { parse } from 'yaml';
import { tar } from '../../../src/artefacts/tar.ts';
import type { Lab } from './lab.ts';

/** What the operator's kubeconfig holds: whom to trust, and who one is. */
export interface Credentials {
  readonly ca: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export function operator(lab: Lab): Credentials {
  const text = readFileSync(join(lab.folder, '.hardway', 'kubeconfig'), 'utf8');
  const { clusters, users } = parse(text) as {
    clusters: { cluster: Record<string, string> }[];
    users: { user: Record<string, string> }[];
  };
  const decoded = (data: string | undefined): Buffer => Buffer.from(data ?? '', 'base64');
  const user = users[0]?.user;
  return {
    ca: decoded(clusters[0]?.cluster['certificate-authority-data']),
    cert: decoded(user?.['client-certificate-data']),
    key: decoded(user?.['client-key-data']),
  };
}

interface Answer {
  readonly status: number;
  readonly location: string;
}

function ask(method: string, url: string, who: Credentials, body?: Buffer, type?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-length': body?.length ?? 0, ...(type ? { 'content-type': type } : {}) };
    const asked = request(url, { method, headers, ...who, agent: false, timeout: 20_000 }, (response) => {
      response.resume();
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '' }),
      );
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

export const knock = (host: string, who: Credentials): Promise<Answer> =>
  ask('GET', `https://${host}/v2/`, who);

/** Pushes an image of one static program as registries want it. */
export async function push(host: string, name: string, program: string, who: Credentials): Promise<void> {
  const layer = tar([
    { path: 'bin', content: null, mode: 0o755 },
    { path: 'bin/busybox', content: readFileSync(program), mode: 0o755 },
    { path: 'www', content: null, mode: 0o755 },
    { path: 'www/index.html', content: Buffer.from('<h1>from our registry</h1>\n'), mode: 0o644 },
  ]);
  const config = json({
    ...{ architecture: 'amd64', os: 'linux', config: { Entrypoint: ['/bin/busybox'] } },
    rootfs: { type: 'layers', diff_ids: [digest(layer)] },
  });
  for (const blob of [layer, config]) {
    const { location } = await expected(202, ask('POST', `https://${host}/v2/${name}/blobs/uploads/`, who));
    const target = new URL(location, `https://${host}`);
    target.searchParams.set('digest', digest(blob));
    await expected(201, ask('PUT', target.href, who, blob, 'application/octet-stream'));
  }
  const about = (mediaType: string, blob: Buffer) => ({ mediaType, size: blob.length, digest: digest(blob) });
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = json({
    ...{ schemaVersion: 2, mediaType: type },
    config: about('application/vnd.oci.image.config.v1+json', config),
    layers: [about('application/vnd.oci.image.layer.v1.tar', layer)],
  });
  await expected(201, ask('PUT', `https://${host}/v2/${name}/manifests/1`, who, manifest, type));
}

async function expected(status: number, asking: Promise<Answer>): Promise<Answer> {
  const answer = await asking;
  if (answer.status !== status)
    throw new Error(`the registry answered ${answer.status} instead of ${status}`);
  return answer;
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const digest = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
