import type { Cluster, Node } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import type { Phase } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { apiServerReady, etcdHasQuorum } from '../conditions.ts';
import { hasStackedEtcd } from '../kubeadm/topology.ts';
import { namesOf, type Scope } from '../scope.ts';

/** Machines that were made on the operator's host and that have other CPUs or memory than cluster.json says: drained and restarted. */
export const resize = (cluster: Cluster): Phase<Scope> => ({
  name: 'resize',
  title: 'Give machines their CPUs and memory',
  docs: 'https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/',
  on: namesOf(cluster.nodes.filter(({ ssh }) => ssh === null)),
  needs: [apiServerReady(cluster)],
  stages: [
    {
      title: 'machines',
      pace: 'one-by-one',
      resources: (scope) => [hardware(scope)],
      // The next one would take the quorum along.
      settle: hasStackedEtcd(cluster) ? [] : [etcdHasQuorum(cluster)],
    },
  ],
});

/** Of the memory that a virtual machine is given its kernel keeps a part for itself, some a large one for its crash. */
const SHARE = 0.85;

/** What the machine has: its own, or what its control group allows a container. */
function hardware({ node, hostCpus, restart }: Scope): Resource {
  const cpus = Math.min(node.cpus, hostCpus);
  return {
    id: `hardware:${node.name}`,
    desired: { cpus, memory: node.memory },
    question: command(
      sh`nproc
awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo
cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null
true`,
      (output) => {
        const [found = 0, total = 0, allowed = NaN] = output.split('\n').map(Number);
        // No limit is no file, the word "max", or more than there is.
        const limit = Math.round(allowed / 2 ** 20);
        const memory = limit < total ? limit : fits(total, node) ? node.memory : total;
        return { cpus: found, memory };
      },
    ),
    steps: () => [{ here: () => restart(node), what: `restart ${node.name}` }],
    disturbs: () => [`restarts ${node.name}: its pods move to other machines first`],
    why: 'A machine gets its CPUs and memory when it starts.',
  };
}

const fits = (memory: number, node: Node): boolean =>
  memory <= node.memory * 1.02 && memory >= node.memory * SHARE;
