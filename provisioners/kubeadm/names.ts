/** kubeadm reads it whenever it writes a static pod or the kubelet's configuration. */
export const PATCHES = '/etc/kubernetes/patches';

/** What kubeadm said; it holds no secrets, as it is told to print none. */
export const LOG = '/var/log/hardway/kubeadm.log';
