/** What the security checks would otherwise find wrong with add-ons, and why it is so. */

/** Namespaces in which pods may do what others may not. */
export const openNamespaces: Readonly<Record<string, string>> = {
  'local-path-storage': 'short-lived pods make and remove the folders of volumes on the machines',
  'metallb-system': 'its speakers are on the machines’ own network, to announce addresses there',
  traefik: 'without MetalLB it has a port of the machines themselves',
  'network-policy': 'it sets the machines’ own packet filter, and hears from containerd when a pod starts',
};

/** ClusterRoles that may do something dangerous. */
export const powerfulRoles: Readonly<Record<string, string>> = {
  'cilium-operator': 'as its authors publish it: it hands certificates of policies to its agents',
  'calico-cni-plugin': 'as its authors publish it',
  'calico-node': 'as its authors publish it: it makes the token with which its plug-in comes to the API',
  'hardway:local-path-provisioner': 'making volumes is what it is for',
  'hardway:traefik': 'Gateways of every namespace name their certificates as Secrets',
  'hardway:headlamp-nodes': 'whoever logs in sees volumes, and cannot change them',
};
