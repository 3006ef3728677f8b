/** kubeadm reads it whenever it writes a static pod or the kubelet's configuration. */
export const PATCHES = '/etc/kubernetes/patches';

/** In the environment of a component's program: which settings it runs with. */
export const VARIABLE = 'HARDWAY_STARTED_WITH';

/** What kubeadm said; it holds no secrets, as it is told to print none. */
export const LOG = '/var/log/hardway/kubeadm.log';
