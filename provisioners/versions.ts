import type { Artefacts } from '../src/artefacts/artefact.ts';
import type { Cluster } from '../src/cluster/model.ts';
import { HardwayError, MachineError } from '../src/errors.ts';

/** What may not be taken back, because its data or its API has moved on. */
const guarded = ['kube-apiserver', 'kubelet', 'etcd'] as const;

/** The release that is asked for must be the one that would be installed. */
export function refuseOtherRelease({ kubernetes }: Cluster, artefacts: Artefacts): void {
  const { version } = artefacts.get('kube-apiserver');
  if (version === kubernetes.version) return;
  throw new HardwayError(
    'VERSION',
    `cluster.json asks for Kubernetes ${kubernetes.version}; this Hardway installs ${version}`,
    {
      evidence: ['boxes/artefacts.json pins what is installed, byte for byte'],
      remedy: `Write "version": "${version}", or use a Hardway that installs ${kubernetes.version}; nothing was changed.`,
    },
  );
}

/**
 * Kubernetes' skew rules between what a machine runs (by program) and what would take its place: never back, and
 * never past a minor release. Nothing has been stopped when this throws.
 */
export function refuseSkew(
  machine: string,
  runs: Readonly<Record<string, string>>,
  artefacts: Artefacts,
): void {
  for (const name of guarded) {
    const [there, wanted] = [runs[name], artefacts.get(name).version];
    if (there === undefined || there === wanted) continue;
    const [now, next] = [numbers(there), numbers(wanted)];
    if (compare(now, next) > 0) {
      throw new MachineError(machine, `runs ${name} ${there}; a step back to ${wanted} is never made`, {
        remedy: `Use a Hardway that installs ${there} or newer; to go back, restore a snapshot into a new cluster.`,
      });
    }
    if (name !== 'etcd' && next[1] - now[1] > 1) {
      const way = Array.from({ length: next[1] - now[1] }, (_, step) => `${now[0]}.${now[1] + step + 1}`);
      throw new MachineError(machine, `runs ${name} ${there}; ${wanted} would skip a minor release`, {
        evidence: [`the permitted way: ${[there, ...way].join(' → ')}`],
        remedy: 'Upgrade one minor release at a time, with the Hardway of each; nothing was stopped.',
      });
    }
  }
}

type Version = readonly [major: number, minor: number, patch: number];

function numbers(version: string): Version {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return [major, minor, patch];
}

const compare = (one: Version, other: Version): number =>
  one.map((number, index) => number - (other[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
