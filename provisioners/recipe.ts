import type { Artefacts } from '../src/artefacts/artefact.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import type { Phase, Plan, Recipe } from '../src/engine/phase.ts';
import { HardwayError, MachineError } from '../src/errors.ts';
import type { EncryptionKey } from '../src/state/encryption-keys.ts';
import { authorities, type AuthorityName } from './certificates.ts';
import { type Facts, factsScript, parseFacts, preflight } from './facts.ts';
import { byKubeadm } from './kubeadm/order.ts';
import { isUnverified } from './kubeadm/preflight.ts';
import { refuseSuccession } from './kubeadm/succession.ts';
import { control, foundation } from './master.ts';
import { network, node } from './minion.ts';
import { refuseImpossible } from './founding.ts';
import { quorumNote } from './etcd-members.ts';
import { observations } from './glance.ts';
import { identityProblem } from './kubelet-identity.ts';
import { addons } from './phases/addons.ts';
import { endpoint } from './phases/endpoint.ts';
import { leave } from './phases/leave.ts';
import { plugIn } from './phases/plug-in.ts';
import { resize } from './phases/resize.ts';
import { nothingOwn, type Own } from './own/own-object.ts';
import type { ClusterPki } from './pki.ts';
import { comesInPods } from './pod-network.ts';
import { podRoutes, type Tables } from './pod-routes.ts';
import { refuseUnsafe } from './refusals.ts';
import { restart, type Restarting } from './restart.ts';
import { namesOf, nodesOf, type Scope } from './scope.ts';
import { shared } from './shared.ts';
import { byKnowledge, settled, type Standing, standingOf } from './standing.ts';

export interface RecipeInput {
  readonly cluster: Cluster;
  readonly pki: ClusterPki;
  readonly encryption: readonly EncryptionKey[];
  readonly artefacts: Artefacts;
  readonly token: string;
  /** The user's folder and charts; default: nothing. */
  readonly own?: Own;
  /** Machines that are no longer in cluster.json, as they are remembered. */
  readonly leaving: readonly Node[];
  readonly hostCpus: number;
  readonly restarting: Restarting;
}

/** Every phase in its order: the table of contents. */
export const phases = (
  cluster: Cluster,
  present: readonly string[],
  leaving: readonly Node[],
  own: Own = nothingOwn,
  standing: Standing = settled(cluster),
): Phase<Scope>[] => [
  ...Object.values(parts(cluster, present, standing)).flat(),
  resize(cluster),
  leave(cluster, leaving, present, standing),
  ...(comesInPods(cluster) ? [plugIn(cluster, present)] : []),
  addons(cluster, own, present),
];

/** What both flavours have in this order: first the control plane with all that it stands on, then the nodes. */
export interface Parts {
  readonly master: readonly Phase<Scope>[];
  readonly minion: readonly Phase<Scope>[];
}

export const parts = (
  cluster: Cluster,
  present: readonly string[],
  standing: Standing = settled(cluster),
): Parts => (cluster.kubernetes.flavour === 'kubeadm' ? byKubeadm : byHand)(cluster, present, standing);

/** The scratch flavour, in the order of phases that kubeadm has in kubeadm/order.ts. */
const byHand = (cluster: Cluster, present: readonly string[], standing: Standing): Parts => ({
  master: [
    ...shared(cluster),
    // Before API servers are restarted: minions then find one of the others.
    ...(standing.succession ? [] : [endpoint(cluster)]),
    ...foundation(cluster, present, standing),
    ...(standing.succession ? [endpoint(cluster)] : []),
    ...network(cluster, present),
    ...control(cluster, present, standing),
  ],
  minion: node(cluster, present),
});

/** From bare machines to a working cluster, by either flavour. */
export const recipeOf = (input: RecipeInput): Recipe<Scope> => ({
  facts: factsScript,
  plan: (outputs) => {
    const facts = new Map([...outputs].map(([name, output]) => [name, parseFacts(output)]));
    preflight(facts, input.cluster);
    refuseForeign(facts, input.pki.authority('ca').recognized);
    refuseImpossible(input.cluster, facts);
    refuseUnsafe(input.cluster, input.artefacts, facts);
    return plan(input, facts);
  },
});

function plan(input: RecipeInput, facts: ReadonlyMap<string, Facts>): Plan<Scope> {
  const { cluster, leaving, pki, own = nothingOwn } = input;
  const staying = namesOf(nodesOf(cluster)).filter((name) => facts.has(name));
  const joining = staying.filter(
    (name) => identityProblem(facts.get(name)?.kubelet ?? '', name, 'client', pki) !== null,
  );
  const standing = standingOf(cluster, leaving, facts);
  refuseSuccession(cluster, leaving, standing);
  const present = byKnowledge(cluster, facts, standing.membership);
  return {
    phases: phases(cluster, present, leaving, own, standing),
    scope: (name) => scope(input, name, facts, joining, own),
    observations: (name) => observations(cluster, name, present),
    notes: [
      ...quorumNote(cluster, standing.membership),
      ...adaptations(cluster, facts),
      ...waitingKey(input),
      ...rotations(pki),
    ],
    refused: own.refused.map(({ error }) => error),
  };
}

/** A machine that trusts another authority belongs to another cluster, or our state was lost: nothing is replaced. */
function refuseForeign(machines: ReadonlyMap<string, Facts>, recognized: readonly string[]): void {
  for (const [name, { authority }] of machines) {
    if (authority === '' || recognized.includes(authority)) continue;
    throw new MachineError(name, 'belongs to a cluster with another certificate authority', {
      evidence: [
        `there: ${authority}`,
        `here:  ${recognized.join(', ')}`,
        'needed here: pki/ca.key, pki/etcd-ca.key, pki/front-proxy-ca.key; no machine has a copy',
      ],
      remedy:
        'Restore this cluster’s .hardway folder, or clean the machine from where its cluster is kept (hardway down).',
    });
  }
}

function scope(
  input: RecipeInput,
  name: string,
  all: ReadonlyMap<string, Facts>,
  joining: readonly string[],
  own: Own,
): Scope {
  const facts = all.get(name);
  const machine = [...input.cluster.nodes, ...input.leaving].find((each) => each.name === name);
  if (facts === undefined || machine === undefined)
    throw new HardwayError('INTERNAL', `nothing is known about ${name}`);
  return {
    ...{ ...input, node: machine, facts, joining, own },
    podRoutes: podRoutes(input.cluster, input.leaving, tablesIn(all), name),
    restart: (node) => restart(input.cluster, node, input.restarting),
  };
}

const tablesIn = (machines: ReadonlyMap<string, Facts>): Tables =>
  new Map([...machines].map(([name, facts]) => [name, facts.podRoutes]));

/** Another way of encrypting needs another key, which is never made by the way. */
function waitingKey({ cluster, encryption }: RecipeInput): string[] {
  const [key] = encryption;
  const wanted = cluster.security.encryption;
  if (key === undefined || key.provider === wanted) return [];
  return [
    `security.encryption ${wanted} waits for: hardway security rotate-key (Secrets are encrypted with ${key.provider})`,
  ];
}

/** Nothing is wrong with two authorities, but somebody wanted to end it. */
const rotations = (pki: ClusterPki): string[] =>
  (Object.keys(authorities) as AuthorityName[])
    .filter((name) => pki.authority(name).trusted.length > 1)
    .map(
      (name) => `a rotation of ${name} is under way, both are trusted: hardway pki rotate-ca ${name} goes on`,
    );

/** What machines are not, what is done about it, and which ones: one line for those that are alike. */
function adaptations(cluster: Cluster, machines: ReadonlyMap<string, Facts>): string[] {
  const alike = new Map<string, string[]>();
  for (const [name, facts] of machines) {
    for (const text of adaptationsOf(cluster, facts)) alike.set(text, [...(alike.get(text) ?? []), name]);
  }
  return [...alike].map(([text, names]) => `${text} (${names.sort().join(', ')})`);
}

const adaptationsOf = ({ host, kubernetes }: Cluster, facts: Facts): string[] => [
  ...(facts.cgroup === 1 ? ['cgroup v1: the kubelet is told to accept it, with the cgroupfs driver'] : []),
  ...(facts.container
    ? ['a container: kernel-wide settings, modules and swap are the host’s and left alone']
    : []),
  ...(kubernetes.flavour === 'kubeadm' && isUnverified(facts)
    ? ['kubeadm’s check SystemVerification is ignored: it wants cgroup v2 and a kernel of the machine’s own']
    : []),
  ...(facts.resolvConf === ''
    ? ['no name server but itself: pods there resolve only names of the cluster']
    : []),
  ...(host.nfsClient && !facts.nfs
    ? ['its kernel has no NFS: host.nfsClient installs the tools, but nothing can be mounted']
    : []),
  ...(facts.mayRaiseLimits ? [] : ['may not lower oom scores: containerd is told not to try']),
];
