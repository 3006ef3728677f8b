import { provideArtefacts } from '../artefacts/artefacts.ts';
import type { Box } from '../box/box.ts';
import { buildBox } from '../box/build.ts';
import { recipeFor } from '../box/recipe.ts';
import type { Cluster } from '../cluster/model.ts';
import type { Report } from '../report/event.ts';
import type { Machine } from '../state/inventory.ts';
import {
  allContainers,
  killContainer,
  markedContainers,
  removeContainer,
  runningContainers,
} from './containers.ts';
import { clearWay } from './leftovers.ts';
import { raiseLimits } from './limits.ts';
import { orphans, ownMachines } from './machines.ts';
import type { Lab, MachineMaker } from './maker.ts';
import { containerName, groupName } from './names.ts';
import { healNetwork, removeNetwork } from './network.ts';
import { keysOf, knownContainer, registerBox, vagrant } from './vagrant.ts';

/** Containers of LXC that start as whole systems; Vagrant makes them from a box of ours. */
export const lxc: MachineMaker = {
  packages: [
    'sudo',
    'iproute2',
    'vagrant',
    'vagrant-lxc',
    'lxc',
    'debootstrap',
    'dnsmasq-base',
    'bridge-utils',
  ],

  async start({ cluster, dir, report }) {
    await healNetwork(cluster, dir);
    await raiseLimits(report);
    if (await allUp({ cluster, dir })) return;
    await registerBox(await labBox(cluster, report), report);
    await clearWay(cluster, dir, report);
    // The provisioner would converge once per machine; once for all is quicker.
    await vagrant(['up', '--provider=lxc', '--parallel', '--no-provision'], dir, report);
  },

  endpoints: ({ cluster, dir }) => ownMachines(cluster).map((node) => endpoint(dir, node)),

  restart: ({ dir, report }, machine) => vagrant(['reload', '--no-provision', machine], dir, report),

  async destroyOrphans({ cluster, dir, report }, known) {
    const gone = orphans(cluster, dir).filter((name) => !known.has(name));
    if (gone.length > 0) await vagrant(['destroy', '--force', ...gone], dir, report);
  },

  /** Works without Vagrant's memory of the machines too. */
  async destroy({ cluster, dir, report }) {
    const ours = await markedContainers(groupName(cluster.name, dir));
    // They are deleted with all that is on them; a pod that does not end when it is asked to would cost a minute.
    await Promise.all(ours.map(killContainer));
    const known = ownMachines(cluster).some(({ name }) => knownContainer(dir, name) !== undefined);
    if (known) await vagrant(['destroy', '--force', '--parallel'], dir, report);
    const there = new Set(await allContainers());
    for (const name of ours.filter((one) => there.has(one))) {
      report({ type: 'note', text: `removing the container ${name}, which Vagrant has forgotten` });
      await removeContainer(name);
    }
    await removeNetwork(cluster);
  },
};

/** Under LXC always its address on the cluster network. */
const endpoint = (dir: string, { name, address }: Cluster['nodes'][number]): Machine => ({
  ...{ name, host: address, port: 22, user: 'vagrant', keys: keysOf(dir, name), provider: 'lxc' },
});

/** The box for this cluster, with its artefacts; made now when the cache lacks it. */
async function labBox(cluster: Cluster, report: Report): Promise<Box> {
  const { box: form, source } = cluster.artefacts;
  const recipe = recipeFor(cluster);
  if (form === 'bare') return buildBox({ recipe, form, provider: 'lxc', report });
  const artefacts = await provideArtefacts({ source, report });
  return buildBox({ recipe, form, artefacts, provider: 'lxc', report });
}

async function allUp({ cluster, dir }: Pick<Lab, 'cluster' | 'dir'>): Promise<boolean> {
  const running = new Set(await runningContainers());
  return ownMachines(cluster).every(({ name }) => {
    const container = containerName(cluster.name, name);
    return running.has(container) && knownContainer(dir, name) === container;
  });
}
