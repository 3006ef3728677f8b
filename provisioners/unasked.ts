import type { Artefacts } from '../src/artefacts/artefact.ts';
import type { Cluster } from '../src/cluster/model.ts';
import type { Resource } from '../src/engine/resource.ts';
import { parseFacts } from './facts.ts';
import { nothingOwn } from './own/own-object.ts';
import type { ClusterPki } from './pki.ts';
import { podRoutes } from './pod-routes.ts';
import { phases } from './recipe.ts';
import type { Scope } from './scope.ts';

/** A resource, and the phase that wants it. */
export interface Wanted {
  readonly phase: string;
  readonly docs: string;
  readonly resource: Resource;
}

/** The scope of a machine that nobody has asked anything: what follows from cluster.json and the keys alone. */
export function unaskedScope(
  cluster: Cluster,
  machine: string,
  pki: ClusterPki,
  artefacts: Artefacts,
  joining: readonly string[],
): Scope {
  const node = cluster.nodes.find(({ name }) => name === machine);
  if (node === undefined) throw new Error(`${machine} is no machine of ${cluster.name}`);
  return {
    ...{
      cluster,
      node,
      facts: {
        ...facts,
        nics: [{ name: node.interface ?? 'eth0', address: `${node.address}/32`, mtu: 1500 }],
      },
      pki,
      artefacts,
      joining,
      own: nothingOwn,
      token: 'id.secret',
      hostCpus: Infinity,
    },
    podRoutes: podRoutes(cluster, [], new Map(), machine),
    encryption: [{ name: 'key1', provider: cluster.security.encryption, secret: '' }],
    restart: async () => undefined,
  };
}

const facts = parseFacts('');

/** Everything that the recipe wants of the scope's machine, in its order, all machines being there. */
export function everythingWanted(scope: Scope): Wanted[] {
  const { cluster, node } = scope;
  const names = cluster.nodes.map(({ name }) => name);
  return phases(cluster, names, []).flatMap((phase) =>
    phase.stages
      .filter(({ on }) => (on ?? phase.on).includes(node.name))
      .flatMap((stage) => stage.resources(scope))
      .map((resource) => ({ phase: phase.name, docs: phase.docs ?? '', resource })),
  );
}
