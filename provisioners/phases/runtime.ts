import type { Artefact } from '../../src/artefacts/artefact.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { HardwayError } from '../../src/errors.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { directory, file } from '../../src/resources/file.ts';
import { service } from '../../src/resources/service.ts';
import { addonsOf } from '../addons/built-in.ts';
import { noOtherTrust } from '../addons/registry/machines.ts';
import { registryHost } from '../addons/registry/settings.ts';
import { containerdAnswers, prepared } from '../conditions.ts';
import { CONTROL_PLANE_IMAGES } from '../control-plane/component.ts';
import { programLine, programs } from '../program.ts';
import { image } from '../resources/image.ts';
import { kubeNodes, namesOf, type Scope } from '../scope.ts';
import { template } from '../template.ts';

/** containerd, runc and the CNI plug-ins; then the images that must be there before a registry is. */
export const runtime = (cluster: Cluster): Phase<Scope> => ({
  name: 'runtime',
  title: 'Install the container runtime',
  docs: 'https://kubernetes.io/docs/setup/production-environment/container-runtimes/#containerd',
  on: namesOf(kubeNodes(cluster)),
  needs: [prepared(namesOf(kubeNodes(cluster)))],
  stages: [
    { title: 'containerd', resources: containerd, settle: [containerdAnswers(cluster)] },
    { title: 'images', resources: images },
    { title: 'add-ons', resources: forAddons },
  ],
});

function containerd({ artefacts, facts }: Scope): Resource[] {
  const config = file(
    '/etc/containerd/config.toml',
    template('runtime/config.toml', {
      version: artefacts.get('containerd').version,
      sandbox: sandboxImage(artefacts.get('image:pause').reference),
      restrictOomScore: !facts.mayRaiseLimits,
      systemdCgroup: facts.cgroup === 2,
    }),
  );
  const unit = template('runtime/containerd.service', {
    program: programLine(artefacts.get('containerd')),
    mayRaiseLimits: facts.mayRaiseLimits,
  });
  return [
    ...programs(artefacts, 'containerd', 'containerd-shim-runc-v2', 'ctr', 'runc'),
    ...programs(artefacts, 'bridge', 'host-local', 'loopback', 'portmap'),
    directory('/etc/cni/net.d', { mode: 0o755 }),
    directory('/etc/containerd/certs.d', { mode: 0o755 }),
    config,
    ...service('containerd', unit, { follows: [config] }),
  ];
}

function sandboxImage(reference: string | undefined): string {
  if (reference === undefined) throw new HardwayError('INTERNAL', 'the pause image has no reference');
  return reference;
}

function images({ node, artefacts }: Scope): Resource[] {
  const isNeeded = ({ name }: Artefact): boolean =>
    node.roles.includes('master') || !CONTROL_PLANE_IMAGES.includes(name);
  const archives = artefacts.all().filter((one) => one.kind === 'image' && isNeeded(one));
  return [...programs(artefacts, ...archives.map(({ name }) => name)), ...archives.map(image)];
}

/** What add-ons that are on need of a machine; and what those need no more that were on. */
const forAddons = (scope: Scope): Resource[] => [
  noOtherTrust(scope.cluster.addons['registry'] === undefined ? [] : [registryHost(scope.cluster)]),
  ...addonsOf(scope.cluster).flatMap(([, addon]) => addon.onMachines?.(scope) ?? []),
];
