import type { KubeadmPatch } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { directory, file } from '../../src/resources/file.ts';
import { VARIABLE } from '../resources/started-with.ts';
import type { Scope } from '../scope.ts';
import { type Component, components, digestOf } from './components.ts';
import { ownKubeletSettings } from './kubelet-settings.ts';
import { PATCHES } from './names.ts';

/** Ours come first, so that the user's have the last word. */
export function patchFiles(scope: Scope): Resource[] {
  const { cluster, node } = scope;
  const files = [
    ...(node.roles.includes('master') ? components(cluster) : []).flatMap((target) => [
      patchFile(target, 0, 'strategic', startedWith(target, digestOf(scope, target))),
      ...users(scope, target),
    ]),
    patchFile('kubeletconfiguration', 0, 'merge', ownKubeletSettings(scope)),
    ...users(scope, 'kubeletconfiguration'),
  ];
  return [directory(PATCHES), ...files, noOthers(files.map(({ path }) => path))];
}

/** Other settings make another pod, and the program that runs says which it has. */
const startedWith = (name: Component, digest: string): object => ({
  spec: { containers: [{ name, env: [{ name: VARIABLE, value: digest }] }] },
});

const users = ({ cluster }: Scope, wanted: KubeadmPatch['target']) =>
  cluster.kubeadm.patches.flatMap(({ target, type = 'strategic', patch }, index) =>
    target === wanted ? [patchFile(target, index + 1, type, patch)] : [],
  );

/** kubeadm sorts them by name. */
const patchFile = (target: string, place: number, type: string, patch: object) =>
  file(
    `${PATCHES}/${target}${String(place).padStart(2, '0')}+${type}.json`,
    `${JSON.stringify(patch, null, 2)}\n`,
    {
      mode: 0o600,
    },
  );

/** One that is no longer in cluster.json would still be applied. */
function noOthers(wanted: readonly string[]): Resource {
  const names = wanted.map((path) => path.slice(PATCHES.length + 1));
  return {
    id: `patches:${PATCHES}`,
    desired: { others: '' },
    question: command(sh`ls ${PATCHES} 2>/dev/null; true`, (output) => ({
      others: output
        .split('\n')
        .filter((name) => name !== '' && !names.includes(name))
        .join(' '),
    })),
    steps: (now) =>
      String(now?.['others'] ?? '')
        .split(' ')
        .filter((name) => name !== '')
        .map((name) => ({ remove: `${PATCHES}/${name}` })),
    why: 'kubeadm would still apply what is no longer in cluster.json.',
  };
}
