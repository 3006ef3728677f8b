import type { Artefacts } from '../src/artefacts/artefact.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import type { Plan, Recipe } from '../src/engine/phase.ts';
import { HardwayError, MachineError } from '../src/errors.ts';
import { type Facts, factsScript, parseFacts, preflight } from './facts.ts';
import { control, foundation } from './master.ts';
import { network, node } from './minion.ts';
import { addons } from './phases/addons.ts';
import type { ClusterPki } from './pki.ts';
import type { Scope } from './scope.ts';
import { shared } from './shared.ts';

export interface RecipeInput {
  readonly cluster: Cluster;
  readonly pki: ClusterPki;
  readonly artefacts: Artefacts;
  readonly token: string;
}

/** The scratch flavour, from bare machines to a working cluster. */
export const scratch = (input: RecipeInput): Recipe<Scope> => ({
  facts: factsScript,
  plan: (outputs) => {
    const facts = new Map([...outputs].map(([name, output]) => [name, parseFacts(output)]));
    preflight(facts, input.cluster.nodes);
    refuseForeign(facts, input.pki.authority('ca').fingerprint);
    return plan(input, facts);
  },
});

function plan(input: RecipeInput, facts: ReadonlyMap<string, Facts>): Plan<Scope> {
  const { cluster, pki } = input;
  const present = [...facts.keys()];
  const joining = present.filter((name) => (facts.get(name)?.kubeletDays ?? 0) < 1);
  return {
    phases: [
      ...shared(cluster),
      ...foundation(cluster),
      ...network(cluster),
      ...control(cluster),
      ...node(cluster, { pki, present, joining }),
      addons(cluster, present),
    ],
    scope: (name) => scope(input, name, facts, joining),
    notes: adaptations(facts),
  };
}

/** A machine that trusts another authority belongs to another cluster, or our state was lost: nothing is replaced. */
function refuseForeign(machines: ReadonlyMap<string, Facts>, fingerprint: string): void {
  for (const [name, { authority }] of machines) {
    if (authority === '' || authority === fingerprint) continue;
    throw new MachineError(name, 'belongs to a cluster with another certificate authority', {
      evidence: [`there: ${authority}`, `here:  ${fingerprint}`],
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
): Scope {
  const facts = all.get(name);
  const machine = input.cluster.nodes.find((each: Node) => each.name === name);
  if (facts === undefined || machine === undefined)
    throw new HardwayError('INTERNAL', `nothing is known about ${name}`);
  return { ...input, node: machine, facts, joining };
}

/** What machines are not, what is done about it, and which ones: one line for those that are alike. */
function adaptations(machines: ReadonlyMap<string, Facts>): string[] {
  const alike = new Map<string, string[]>();
  for (const [name, facts] of machines) {
    for (const text of adaptationsOf(facts)) alike.set(text, [...(alike.get(text) ?? []), name]);
  }
  return [...alike].map(([text, names]) => `${text} (${names.sort().join(', ')})`);
}

const adaptationsOf = (facts: Facts): string[] => [
  ...(facts.cgroup === 1 ? ['cgroup v1: the kubelet is told to accept it, with the cgroupfs driver'] : []),
  ...(facts.container
    ? ['a container: kernel-wide settings, modules and swap are the host’s and left alone']
    : []),
  ...(facts.mayRaiseLimits ? [] : ['may not lower oom scores: containerd is told not to try']),
];
