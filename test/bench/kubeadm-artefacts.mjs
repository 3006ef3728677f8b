// What only the other contender needs: kubeadm itself, and images made from the very programs Hardway installs.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ours, root } from './ours.mjs';

export const etcdTag = '3.6.14-0';

/** kubeadm from the pinned module of the lock; it is in no box and no cluster of Hardway's. Returns its file. */
export async function kubeadm() {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-kubeadm-'));
  const { groups } = JSON.parse(readFileSync(join(root, 'boxes', 'artefacts.json'), 'utf8'));
  const kubernetes = groups.find(({ name }) => name === 'kubernetes');
  const group = {
    ...kubernetes,
    name: 'kubeadm',
    files: [{ name: 'kubeadm', kind: 'binary' }],
    releases: { ...kubernetes.releases, sha256: {} },
    modules: { ...kubernetes.modules, packages: { kubeadm: 'k8s.io/kubernetes/cmd/kubeadm' } },
  };
  try {
    symlinkSync(join(root, 'boxes', 'modules'), join(folder, 'modules'));
    writeFileSync(join(folder, 'artefacts.json'), JSON.stringify({ groups: [group] }));
    const lockFile = join(folder, 'artefacts.json');
    const made = await ours.provideArtefacts({ lockFile, source: 'auto', report: () => undefined });
    return made.get('kubeadm').file;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Docker archives of the control plane, by name; kube-proxy's also holds `nft` as the machine has it. */
export async function images(machine) {
  const artefacts = await ours.provideArtefacts({ source: 'auto', report: () => undefined });
  const file = (name) => ({
    path: `/usr/local/bin/${name}`,
    content: { file: artefacts.get(name).file },
    mode: 0o755,
  });
  const version = artefacts.get('kubelet').version;
  const programs = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kube-proxy'];
  const wanted = [
    ...programs.map((name) => ({ name, tag: `v${version}`, files: [file(name)] })),
    { name: 'etcd', tag: etcdTag, files: ['etcd', 'etcdctl', 'etcdutl'].map(file) },
  ];
  wanted.find(({ name }) => name === 'kube-proxy').files.push(...(await filesBehind(machine, 'nft')));
  return wanted.map(({ name, tag, files }) => ({
    name,
    archive: ours.dockerArchive({
      ...{ reference: `registry.k8s.io/${name}:${tag}`, files, architecture: 'amd64' },
      ...{ entrypoint: [`/usr/local/bin/${name}`], env: ['PATH=/usr/local/bin:/usr/sbin:/usr/bin'] },
    }),
  }));
}

/** A program of the machine's and the libraries that it loads. */
async function filesBehind(machine, program) {
  const { ok, stdout, stderr } = await machine.run(`path=$(command -v ${program})
for file in "$path" $(ldd "$path" | grep -o '/[^ ]*'); do
  echo "file $file"
  base64 -w 0 "$file"
  echo
done`);
  if (!ok) throw new Error(`${program} cannot be fetched: ${stderr}`);
  const found = [...stdout.matchAll(/^file (\S+)\n(.*)$/gm)];
  return found.map(([, path, content]) => ({ path, content: Buffer.from(content, 'base64'), mode: 0o755 }));
}
