import type { Cluster } from './model.ts';

export type PlugIn = Cluster['network']['cni'];

/** These make NetworkPolicies hold by themselves. */
export const ENFORCING: readonly PlugIn[] = ['calico', 'canal', 'cilium', 'kube-router'];

/** These can do what kube-proxy does. */
export const REPLACING: readonly PlugIn[] = ['cilium', 'kube-router', 'none'];

/** These set rules by iptables, among those of kube-proxy. */
export const BY_IPTABLES: readonly PlugIn[] = ['calico', 'canal'];

/** flannel and routes carry every packet; who drops what a policy forbids is an add-on. */
export const NEEDING_AGENT: readonly PlugIn[] = ['flannel', 'routes'];
