// The settings with which kubeadm comes up on these machines: LXC containers with version 1 of cgroups.

export const token = 'bench0.bench0bench0benc';

/** Four documents; everything that is not said stays as kubeadm has it. */
export const initConfiguration = (cluster, master, etcdTag) =>
  documents(
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'InitConfiguration',
      bootstrapTokens: [{ token, ttl: '1h0m0s' }],
      localAPIEndpoint: { advertiseAddress: master.address, bindPort: 6443 },
      nodeRegistration: registration(master),
    },
    {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      clusterName: cluster.name,
      kubernetesVersion: `v${cluster.kubernetes.version}`,
      networking: {
        podSubnet: cluster.network.podCidr,
        serviceSubnet: cluster.network.serviceCidr,
        dnsDomain: cluster.network.dns.domain,
      },
      etcd: { local: { dataDir: '/var/lib/etcd', imageTag: etcdTag } },
    },
    {
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      cgroupDriver: 'cgroupfs',
      failCgroupV1: false,
      failSwapOn: false,
    },
    {
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      mode: 'nftables',
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    },
  );

/** `hash` pins the authority: "sha256:…". */
export const joinConfiguration = (minion, master, hash) =>
  documents({
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'JoinConfiguration',
    discovery: {
      bootstrapToken: { apiServerEndpoint: `${master.address}:6443`, token, caCertHashes: [hash] },
    },
    nodeRegistration: registration(minion),
  });

/** The kubelet's unit as kubeadm's packages bring it. */
export const kubeletUnit = `[Unit]
Description=kubelet
Wants=network-online.target
After=network-online.target

[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;

/** flannel as a service of each machine, its subnet from the Node (--kube-subnet-mgr). */
export const flannelUnit = ({ name, address }) => `[Unit]
Description=flannel
StartLimitIntervalSec=0

[Service]
Type=notify
Environment=NODE_NAME=${name}
ExecStart=/usr/local/bin/flanneld --kube-subnet-mgr --kubeconfig-file=/etc/flannel/kubeconfig --net-config-path=/etc/flannel/net-conf.json --iface=${address} --ip-masq --subnet-file=/run/flannel/subnet.env
ExecStartPost=/usr/local/lib/bench/write-cni
Restart=always
RestartSec=1
`;

export const flannelNetwork = ({ network }) =>
  JSON.stringify({ Network: network.podCidr, EnableNFTables: true, Backend: { Type: 'vxlan' } });

/** What flannel's own manifest gives it. */
export const flannelAccess = documents(
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'flannel' },
    rules: [
      { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'flannel' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'flannel' },
    subjects: [{ kind: 'ServiceAccount', name: 'flannel', namespace: 'kube-system' }],
  },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'flannel', namespace: 'kube-system' } },
);

const registration = ({ name, address }) => ({
  name,
  criSocket: 'unix:///run/containerd/containerd.sock',
  imagePullPolicy: 'Never',
  // It knows no kernel without a configuration file, and no cgroups of version 1.
  ignorePreflightErrors: ['SystemVerification'],
  kubeletExtraArgs: [{ name: 'node-ip', value: address }],
});

/** JSON is YAML. */
function documents(...objects) {
  return objects.map((object) => JSON.stringify(object)).join('\n---\n');
}
