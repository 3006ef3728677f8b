import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { tar, type TarEntry } from './tar.ts';

/** What an image holds. Everything else about it follows, down to the last byte. */
export interface ImageDescription {
  /** registry.k8s.io/pause:3.10.2 */
  readonly reference: string;
  readonly files: readonly ImageFile[];
  readonly entrypoint: readonly string[];
  /** NAME=value */
  readonly env?: readonly string[];
  /** Numeric "user:group"; default root. */
  readonly user?: string;
  readonly workdir?: string;
  /** amd64, arm64 */
  readonly architecture: string;
}

export interface ImageFile {
  /** Absolute path inside the image. */
  readonly path: string;
  readonly content: Buffer | { readonly file: string } | { readonly link: string };
  readonly mode: number;
}

/** A label: the kubelet removes images that no pod uses when its disk fills up; these it could not fetch again. */
export const PINNED = 'io.cri-containerd.pinned=pinned';

/** A docker-archive (one uncompressed layer) as `ctr images import` takes it; same input, same bytes. */
export function dockerArchive(image: ImageDescription): Buffer {
  const layer = tar(layerEntries(image.files));
  const layerDigest = sha256(layer);
  const config = json({
    architecture: image.architecture,
    config: {
      Entrypoint: image.entrypoint,
      Env: image.env ?? [],
      User: image.user ?? '',
      WorkingDir: image.workdir ?? '/',
    },
    created: '1970-01-01T00:00:00Z',
    history: [{ created: '1970-01-01T00:00:00Z', created_by: 'hardway' }],
    os: 'linux',
    rootfs: { diff_ids: [`sha256:${layerDigest}`], type: 'layers' },
  });
  const configName = `${sha256(config)}.json`;
  const layerName = `${layerDigest}/layer.tar`;
  const manifest = json([{ Config: configName, Layers: [layerName], RepoTags: [image.reference] }]);
  return tar([
    { path: 'manifest.json', content: manifest, mode: 0o644 },
    { path: configName, content: config, mode: 0o644 },
    { path: layerDigest, content: null, mode: 0o755 },
    { path: layerName, content: layer, mode: 0o644 },
  ]);
}

/** Files by path, each folder before what lies in it. */
function layerEntries(files: readonly ImageFile[]): readonly TarEntry[] {
  const entries = new Map<string, TarEntry>();
  for (const { path, content, mode } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const inside = path.replace(/^\/+/, '');
    for (const folder of foldersAbove(inside))
      entries.set(folder, { path: folder, content: null, mode: 0o755 });
    entries.set(inside, { path: inside, mode, ...held(content) });
  }
  return [...entries.values()];
}

function held(content: ImageFile['content']): Pick<TarEntry, 'content' | 'link'> {
  if (Buffer.isBuffer(content)) return { content };
  return 'link' in content ? { content: null, link: content.link } : { content: readFileSync(content.file) };
}

function foldersAbove(path: string): readonly string[] {
  const folder = posix.dirname(path);
  return folder === '.' ? [] : [...foldersAbove(folder), folder];
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
