import { describe, expect, it } from 'vitest';
import { dockerArchive } from '../../src/artefacts/image.ts';
import { untar } from '../../src/artefacts/tar.ts';
import { sha256 } from './workbench.ts';

const files = [
  { path: '/usr/bin/tool', content: Buffer.from('tool'), mode: 0o755 },
  { path: '/etc/tool.conf', content: Buffer.from('conf'), mode: 0o644 },
];
const image = {
  reference: 'example.org/tool:v1',
  files,
  entrypoint: ['/usr/bin/tool'],
  user: '65535:65535',
  architecture: 'amd64',
};

interface Manifest {
  readonly Config: string;
  readonly Layers: readonly string[];
  readonly RepoTags: readonly string[];
}

function open(archive: Buffer) {
  const parts = untar(archive);
  const bytes = (path: string): Buffer => parts.get(path)?.content ?? Buffer.alloc(0);
  const [manifest] = JSON.parse(bytes('manifest.json').toString()) as [Manifest];
  return { manifest, config: bytes(manifest.Config), layer: bytes(manifest.Layers[0] ?? '') };
}

describe('dockerArchive', () => {
  it('names its parts by their digests', () => {
    const { manifest, config, layer } = open(dockerArchive(image));
    expect(manifest.RepoTags).toEqual(['example.org/tool:v1']);
    expect(manifest.Config).toBe(`${sha256(config)}.json`);
    expect(JSON.parse(config.toString())).toMatchObject({
      architecture: 'amd64',
      os: 'linux',
      config: { Entrypoint: ['/usr/bin/tool'], User: '65535:65535', WorkingDir: '/' },
      rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    });
  });

  it('holds the files with their modes', () => {
    const layer = untar(open(dockerArchive(image)).layer);
    expect([...layer.keys()]).toEqual(['etc/tool.conf', 'usr/bin/tool']);
    expect(layer.get('usr/bin/tool')).toMatchObject({ mode: 0o755, content: Buffer.from('tool') });
  });

  it('has the same bytes whenever and in whatever order it is made', () => {
    const again = dockerArchive({ ...image, files: [...files].reverse() });
    expect(again.equals(dockerArchive(image))).toBe(true);
  });
});
