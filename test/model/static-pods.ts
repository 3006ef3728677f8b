import { noStaticPod, staticPod } from '../../provisioners/resources/static-pod.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { MANIFESTS } from '../../provisioners/resources/static-pod.ts';
import type { ModelMachine } from './machine.ts';
import { Refusal } from './refusal.ts';
import { type Known, like, type Shape, text, word } from './shape.ts';
import { filesNamedIn } from './systemd.ts';

/** What a kubelet does for the files in its folder; false: nothing. */
export function staticPods(machine: ModelMachine): boolean {
  const { disk, pods, images } = machine;
  if (!machine.isActive('kubelet') || !machine.isActive('containerd')) return false;
  let acted = false;
  for (const name of pods.keys())
    if (!disk.has(`${MANIFESTS}/${name}.yaml`)) acted = pods.delete(name) || acted;
  for (const path of disk.below(MANIFESTS)) {
    const name = path.slice(MANIFESTS.length + 1).replace('.yaml', '');
    const unit = disk.text(path);
    const program = `/usr/local/bin/${name}`;
    const read = [...unit.matchAll(/=(\/etc\/[^\s,]+)/g)].map(([, file = '']) => file);
    const isRunnable = disk.sound(path) && images.has(/image: (\S+)/.exec(unit)?.[1] ?? '');
    if (pods.get(name)?.unit === unit || !isRunnable || !read.every((file) => disk.sound(file))) continue;
    machine.systemd.starts += 1;
    const learnt = new Map([['files', filesNamedIn(disk, unit, program)]]);
    pods.set(name, { pid: 10_000 + machine.systemd.starts, inode: 0, unit, learnt });
    acted = true;
  }
  return acted;
}

const digestIn = (unit: string): string => /hardway\.dev\/started-with: (\w+)/.exec(unit)?.[1] ?? '';

/** As the product's question prints it. */
export const podLines = ({ disk, pods }: ModelMachine): string => {
  const files = disk.below(MANIFESTS).map((path) => `file ${path.slice(MANIFESTS.length + 1, -5)}\n`);
  return [...files, ...[...pods].map(([name, { unit }]) => `runs ${name} ${digestIn(unit)}\n`)].join('');
};

const [manifest, running] = staticPod(
  'x',
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'NAME' }, spec: { containers: [] } },
  { follows: [] },
);
const shapeOf = ({ steps }: Resource, holes: Parameters<typeof like>[1]): Shape => {
  const [step] = steps(null);
  return like(step !== undefined && 'run' in step ? step.run : '', holes);
};

export const podSteps: readonly Known<ModelMachine, void>[] = [
  {
    shape: shapeOf(manifest, { [`'${manifest.text?.wanted}'`]: word, NAME: text }),
    act: (machine, content = '', name = '') =>
      machine.cluster.effect(machine, () =>
        machine.disk.write(`${MANIFESTS}/${name}.yaml`, Buffer.from(content), 0o600, 'root:root'),
      ),
  },
  {
    shape: shapeOf(running, { NAME: text, [String(running.desired?.['started with'])]: text }),
    act: (machine, name = '', ...more) => {
      const digest = more.find((one) => /^[0-9a-f]{64}$/.test(one)) ?? '';
      if (digestIn(machine.pods.get(name)?.unit ?? '') !== digest)
        throw new Refusal(1, `the kubelet did not start ${name} within 120 s`);
    },
  },
  {
    shape: shapeOf(noStaticPod('NAME', {}), { NAME: text }),
    act: (machine, name = '') => {
      machine.cluster.effect(machine, () => machine.disk.remove(`${MANIFESTS}/${name}.yaml`));
      if (machine.pods.has(name)) throw new Refusal(1, `the kubelet did not end ${name} within 120 s`);
    },
  },
];
