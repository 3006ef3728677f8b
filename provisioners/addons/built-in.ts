import type { Cluster } from '../../src/cluster/model.ts';
import type { Addon } from './addon.ts';
import { calico } from './calico/calico.ts';
import { canal } from './canal/canal.ts';
import { cilium } from './cilium/cilium.ts';
import { coredns } from './coredns/coredns.ts';
import { headlamp } from './headlamp/headlamp.ts';
import { kubeRouter } from './kube-router/kube-router.ts';
import { localPath } from './local-path/local-path.ts';
import { metallb } from './metallb/metallb.ts';
import { metricsServer } from './metrics-server/metrics-server.ts';
import { networkPolicy } from './network-policy/network-policy.ts';
import { registry } from './registry/registry.ts';
import { traefik } from './traefik/traefik.ts';

/** Every built-in add-on by its name in cluster.json, in the order in which they are applied. */
export const builtIn: Readonly<Record<string, Addon>> = {
  coredns,
  'metrics-server': metricsServer,
  'local-path': localPath,
  registry,
  metallb,
  traefik,
  headlamp,
  'network-policy': networkPolicy,
};

/** Those that are on. */
export const addonsOf = (cluster: Cluster): [name: string, addon: Addon][] =>
  Object.entries(builtIn).filter(([name]) => cluster.addons[name] !== undefined);

/** What connects pods, where that runs in pods and is known to us: by network.cni. */
const plugins: Readonly<Record<string, Addon>> = { calico, canal, cilium, 'kube-router': kubeRouter };

export const pluginOf = ({ network: { cni } }: Cluster): [name: string, addon: Addon][] => {
  const plugin = plugins[cni];
  return plugin === undefined ? [] : [[cni, plugin]];
};
