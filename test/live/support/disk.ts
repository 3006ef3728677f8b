import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerName } from '../../../src/lab/names.ts';
import type { Lab } from './lab.ts';

/** Where this host keeps the disk of an LXC machine: an overlay on the box, and /var beside it. */
function diskOf(lab: Lab, machine: string) {
  const container = containerName(lab.name, machine);
  const folder = join('/var/lib/lxc', container);
  const config = readFileSync(join(folder, 'config'), 'utf8');
  const box = /^lxc\.rootfs\.path = overlay:([^:]*):/m.exec(config)?.[1] ?? '';
  return { container, box, upper: join(folder, 'upper'), var: join(folder, 'var') };
}

const sh = (script: string, ...values: string[]): string =>
  execFileSync('sh', ['-euc', script, 'sh', ...values], { encoding: 'utf8', maxBuffer: 2 ** 28 });

/** A new machine under the old name and address, fresh from its box; the operator's key still opens it. */
export async function rebuild(lab: Lab, machine: string): Promise<void> {
  const { container, box, upper, var: folder } = diskOf(lab, machine);
  sh(
    `lxc-stop --kill --name "$1"
keys=$(base64 -w0 "$3/home/vagrant/.ssh/authorized_keys")
rm -rf "$3" "$4"
mkdir -p "$3/home/vagrant/.ssh"
cp -a "$2/var" "$4"
echo "$keys" | base64 -d > "$3/home/vagrant/.ssh/authorized_keys"
chown -R --reference="$2/home/vagrant" "$3/home/vagrant"
chmod -R go= "$3/home/vagrant/.ssh"`,
    ...[container, box, upper, folder],
  );
  const told = await lab.vagrant('up', machine, '--no-provision');
  if (told.code !== 0) throw new Error(told.output);
}

/** How a machine's disk differs from its box: "+ path", "- path", "~ path" (other content, mode or owner). */
export function changedSinceBox(lab: Lab, machine: string): string[] {
  const { box, upper, var: folder } = diskOf(lab, machine);
  const list = `find . -xdev -mindepth 1 -printf '%p|%y|%m|%u:%g|%s|%l\\n' | sed 's/^\\.//'`;
  const read = (root: string): Map<string, string> =>
    new Map(
      sh(`cd "$1"; ${list}`, root)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => [line.slice(0, line.indexOf('|')), line.slice(line.indexOf('|'))]),
    );
  const before = read(box);
  const inVar = new Map([...read(folder)].map(([path, about]) => [`/var${path}`, about]));
  const over = read(upper);
  const wasInVar = [...before.keys()].filter((path) => path.startsWith('/var/'));
  const at = (path: string): string =>
    join(path.startsWith('/var/') ? join(folder, path.slice(4)) : join(upper, path));
  const same = (path: string, about: string): boolean => {
    const [then, now] = [before.get(path) ?? '', about].map((text) => text.split('|'));
    const meta = (cells: string[] | undefined): string =>
      JSON.stringify(cells?.[1] === 'd' ? cells.slice(1, 4) : cells?.slice(1));
    return (
      meta(then) === meta(now) &&
      (now?.[1] !== 'f' || readFileSync(join(box, path)).equals(readFileSync(at(path))))
    );
  };
  // In an overlay a character device stands for what was removed.
  const removed = [...over].filter(([, about]) => about.startsWith('|c|')).map(([path]) => path);
  const present = [...over, ...inVar].filter(([, about]) => !about.startsWith('|c|'));
  return [
    ...present.flatMap(([path, about]) =>
      before.has(path) ? (same(path, about) ? [] : [`~ ${path}`]) : [`+ ${path}`],
    ),
    ...[...removed, ...wasInVar.filter((path) => !inVar.has(path))].map((path) => `- ${path}`),
  ].sort();
}
