import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readProblems } from '../../../src/cluster/load.ts';
import type { Description } from '../../live/support/lab.ts';
import { pairwise, type Row } from './pairwise.ts';

type Part = Readonly<Record<string, unknown>>;

const FLAVOURS: Readonly<Record<string, Part>> = {
  'scratch-systemd': { controlPlane: { style: 'systemd' } },
  'scratch-static-pods': { controlPlane: { style: 'static-pods' } },
  kubeadm: { kubernetes: { flavour: 'kubeadm' } },
};

const node = (name: string, roles: readonly string[], count?: number): Part => ({
  ...{ name, roles, cpus: 2, memory: roles.includes('master') ? 1536 : 1024 },
  ...(count === undefined ? {} : { count }),
});

/** The network of all machines, and the address that several masters share. */
export const RANGE = '192.168.100.0/24';
const ENDPOINT = '192.168.100.5';

/** Machines, by names that say how many: masters + minions. */
const SHAPES: Readonly<Record<string, readonly Part[]>> = {
  '1+2': [node('master', ['etcd', 'master']), node('minion', ['minion'], 2)],
  '3+2-stacked': [node('master', ['etcd', 'master'], 3), node('minion', ['minion'], 2)],
  '1+2-etcd-on-all': [node('master', ['etcd', 'master']), node('minion', ['etcd', 'minion'], 2)],
  '2+1-etcd-apart': [node('etcd', ['etcd'], 3), node('master', ['master'], 2), node('minion', ['minion'], 1)],
};

const NETWORKS: Readonly<Record<string, Part>> = {
  'flannel-etcd': { cni: 'flannel', flannel: { store: 'etcd' } },
  'flannel-kubernetes': { cni: 'flannel', flannel: { store: 'kubernetes' } },
  'host-gw': { cni: 'flannel', flannel: { backend: 'host-gw' } },
  routes: { cni: 'routes' },
};

export interface Cell {
  /** "kubeadm/3+2-stacked/routes" */
  readonly name: string;
  /** Why there can be no such cluster; empty: there can. */
  readonly impossible: string;
  /** Made what this cell says. */
  describe(description: Description): void;
}

const nameOf = (row: Row): string => row.join('/');

function cell(row: Row): Cell {
  const [flavour = '', shape = '', network = ''] = row;
  const describe = (description: Description): void => {
    for (const key of ['kubernetes', 'controlPlane']) delete description[key];
    Object.assign(description, structuredClone(FLAVOURS[flavour]));
    description.nodes = structuredClone(SHAPES[shape]) as Description['nodes'];
    description.network = { machineCidr: RANGE, ...NETWORKS[network] };
    const masters = description.nodes.find(({ name }) => name === 'master')?.count ?? 1;
    if (masters > 1)
      description['controlPlane'] = { ...(description['controlPlane'] as Part), endpoint: ENDPOINT };
  };
  return { name: nameOf(row), impossible: reasonAgainst(describe), describe };
}

const root = join(import.meta.dirname, '..', '..', '..');

/** What the description itself says against it. */
function reasonAgainst(describe: Cell['describe']): string {
  const description = JSON.parse(readFileSync(join(root, 'cluster.json'), 'utf8')) as Description;
  describe(description);
  return readProblems(JSON.stringify(description), 'cluster.json')
    .map(({ path, message, allowed }) => `${path}: ${message}${allowed === undefined ? '' : ` (${allowed})`}`)
    .join('; ');
}

const rows: readonly Row[] = Object.keys(FLAVOURS).flatMap((flavour) =>
  Object.keys(SHAPES).flatMap((shape) => Object.keys(NETWORKS).map((network) => [flavour, shape, network])),
);
const byName = new Map(rows.map((row) => [nameOf(row), cell(row)]));

/** Every combination, possible or not. */
export const allCells: readonly Cell[] = [...byName.values()];

const chosen = pairwise(rows.filter((row) => byName.get(nameOf(row))?.impossible === '')).map(nameOf);

/** Of those that are possible, enough for every pair of flavour, shape and network. */
export const chosenCells: readonly Cell[] = allCells.filter(({ name }) => chosen.includes(name));
