/** What our programs are told on their command lines, one sentence a flag. */

export interface ProgramFlags {
  /** The official page with every flag of the program. */
  readonly docs: string;
  readonly flags: Readonly<Record<string, string>>;
}

const TOOLS = 'https://kubernetes.io/docs/reference/command-line-tools-reference';

const TLS = {
  'tls-min-version': 'Clients with older versions of TLS are refused.',
  'tls-cipher-suites': 'Only these ciphers are spoken with TLS 1.2; those of 1.3 are all good.',
  profiling: 'Whether /debug/pprof tells how the program spends its time; nobody needs to know.',
};

const AGGREGATION = {
  'requestheader-client-ca-file':
    'Whoever comes with a certificate of this authority may speak for others: the front proxy.',
  'requestheader-allowed-names': 'Of those, only who has one of these common names.',
};

const CREDENTIALS = {
  kubeconfig: 'Where the API is, whom to trust there, and the client certificate to come with.',
  'authentication-kubeconfig':
    'The credential with which it asks the API who somebody is that comes to its port.',
  'authorization-kubeconfig':
    'The credential with which it asks the API what somebody may that comes to its port.',
  'bind-address': 'Where its own port is: on loopback, for nobody else needs it.',
  'leader-elect': 'Of several masters one at a time acts; the others wait until it has gone.',
};

const ETCD_CLIENT = {
  'etcd-cafile': 'The authority whose certificate etcd must show.',
  'etcd-certfile': 'The client certificate that it shows to etcd.',
  'etcd-keyfile': 'The key of that certificate.',
};

export const FLAGS: Readonly<Record<string, ProgramFlags>> = {
  containerd: {
    docs: 'https://github.com/containerd/containerd/blob/main/docs/man/containerd-config.toml.5.md',
    flags: { config: 'The file with all settings: where images lie, which runtime, which pause image.' },
  },
  etcd: {
    docs: 'https://etcd.io/docs/v3.6/op-guide/configuration/',
    flags: {
      name: 'Its name among the members, the machine’s own.',
      'data-dir': 'Where the database lies: everything that the cluster knows.',
      'listen-client-urls': 'Where it listens for clients: API servers and flannel.',
      'advertise-client-urls': 'Where the other members send clients.',
      'listen-peer-urls': 'Where it listens for the other members.',
      'initial-advertise-peer-urls': 'Where the other members find it when the cluster is made.',
      'listen-metrics-urls': 'Where it tells its health and figures: on loopback, without TLS.',
      'initial-cluster-token': 'Keeps members of different clusters from taking each other for their own.',
      'cert-file': 'The certificate that it shows to clients.',
      'key-file': 'The key of that certificate.',
      'trusted-ca-file': 'The authority whose clients are let in: etcd’s own, not the cluster’s.',
      'client-cert-auth': 'No client without a certificate.',
      'peer-cert-file': 'The certificate that it shows to other members.',
      'peer-key-file': 'The key of that certificate.',
      'peer-trusted-ca-file': 'The authority whose members are let in.',
      'peer-client-cert-auth': 'No member without a certificate.',
      'tls-min-version': TLS['tls-min-version'],
      'cipher-suites': TLS['tls-cipher-suites'],
      'feature-gates': 'Features that are on or off against their default.',
    },
  },
  flanneld: {
    docs: 'https://github.com/flannel-io/flannel/blob/master/Documentation/configuration.md',
    flags: {
      ...ETCD_CLIENT,
      'etcd-endpoints': 'Where etcd answers: there lie the plan of the network and each machine’s subnet.',
      'kube-subnet-mgr': 'The subnet is that of this machine’s Node; etcd is not asked.',
      'kubeconfig-file': 'Where the API is, and the credential that changes this Node’s status alone.',
      'net-config-path': 'The plan of the network.',
      'etcd-prefix': 'The keys below which all of it lies; its credential reaches no others.',
      iface: 'The address over which machines send each other the packets of pods.',
      'ip-masq': 'What pods send out of the cluster goes under their machine’s address.',
      'subnet-file': 'Where it writes the subnet that this machine was given.',
      'healthz-ip': 'Where it tells its health: on loopback.',
      'healthz-port': 'The port of that.',
    },
  },
  'kube-apiserver': {
    docs: `${TOOLS}/kube-apiserver/`,
    flags: {
      ...TLS,
      ...AGGREGATION,
      ...ETCD_CLIENT,
      'advertise-address': 'The address under which pods find this server.',
      'secure-port': 'The port of the API; there is no other.',
      'etcd-servers': 'Where etcd answers.',
      'client-ca-file': 'The authority whose client certificates say who somebody is.',
      'tls-cert-file': 'The certificate that it shows to everybody.',
      'tls-private-key-file': 'The key of that certificate.',
      'kubelet-client-certificate': 'The certificate with which it comes to kubelets, for logs and exec.',
      'kubelet-client-key': 'The key of that certificate.',
      'kubelet-certificate-authority': 'The authority whose certificate a kubelet must show.',
      'kubelet-preferred-address-types': 'Kubelets are reached at their addresses, which need no resolver.',
      'service-cluster-ip-range': 'The range that Services get their addresses from.',
      'service-node-port-range': 'The ports of nodes that Services of type NodePort get theirs from.',
      'service-account-issuer': 'Who is said to have issued the tokens of service accounts.',
      'service-account-signing-key-file': 'The key that signs tokens of service accounts.',
      'service-account-key-file': 'The key that tells whether such a token is genuine.',
      'service-account-extend-token-expiration': 'Whether tokens live a year for the sake of old clients.',
      'proxy-client-cert-file': 'The certificate with which it speaks for others to extended APIs.',
      'proxy-client-key-file': 'The key of that certificate.',
      'requestheader-username-headers': 'Where the front proxy says for whom it speaks.',
      'requestheader-group-headers': 'Where it says to which groups that one belongs.',
      'requestheader-extra-headers-prefix': 'How the headers begin that say more of that one.',
      'authorization-mode':
        'Node: a kubelet sees what concerns its pods. RBAC: others may what roles give them.',
      'authentication-config': 'Who needs no credential, and for which paths: health alone.',
      'enable-admission-plugins': 'What looks at each object before it is kept, besides the usual ones.',
      'admission-control-config-file': 'The settings of those: what pods may where nobody has said anything.',
      'encryption-provider-config': 'With which keys Secrets are encrypted in etcd.',
      'audit-policy-file': 'Which requests are written down, and how much of each.',
      'audit-log-path': 'Where they are written down.',
      'audit-log-maxage': 'Days that a file of them is kept.',
      'audit-log-maxbackup': 'How many finished files are kept.',
      'audit-log-maxsize': 'Megabytes after which a new file is begun.',
      'event-ttl': 'How long events are kept.',
      'enable-bootstrap-token-auth': 'Machines that join may come with the join token.',
      'allow-privileged': 'Privileged pods are possible; who may have them is for Pod Security to say.',
    },
  },
  'kube-controller-manager': {
    docs: `${TOOLS}/kube-controller-manager/`,
    flags: {
      ...TLS,
      ...CREDENTIALS,
      ...AGGREGATION,
      'use-service-account-credentials':
        'Each controller comes with an account of its own and may only its part.',
      'kube-api-qps': 'How many requests a second it sends to the API.',
      'kube-api-burst': 'How many at once.',
      controllers: 'Which controllers run; those that sign certificates do not unless pki.signer says so.',
      'allocate-node-cidrs': 'Whether nodes are given their pod subnets here.',
      'node-cidr-mask-size': 'How large each of them is.',
      'cluster-cidr': 'The range of all pods.',
      'cluster-signing-cert-file': 'The authority that signs what kubelets ask for (pki.signer: cluster).',
      'cluster-signing-key-file': 'The key of that authority.',
      'cluster-signing-duration': 'How long the certificates are valid that it signs.',
      'service-account-private-key-file': 'The key that signs tokens of service accounts.',
      'root-ca-file': 'The authority that every pod is told to trust.',
      'client-ca-file': 'The authority whose client certificates say who somebody is.',
      'terminated-pod-gc-threshold': 'Ended pods that are kept for somebody to look at.',
    },
  },
  'kube-scheduler': { docs: `${TOOLS}/kube-scheduler/`, flags: { ...TLS, ...CREDENTIALS } },
  'kube-proxy': {
    docs: `${TOOLS}/kube-proxy/`,
    flags: { config: 'The file with all settings: how Services come into the kernel, and for which pods.' },
  },
  kubelet: {
    docs: `${TOOLS}/kubelet/`,
    flags: {
      config: 'The file with all settings.',
      'config-dir': 'A folder with further settings: the taints with which the node registers.',
      'bootstrap-kubeconfig':
        'The join token, for a machine without a certificate of its own; gone when it has one.',
      kubeconfig: 'Where the API is, and its own client certificate; it writes this itself when it joins.',
      'cert-dir': 'Where its own certificates lie.',
      'node-ip': 'The address under which the node is known: where the cluster talks.',
    },
  },
};
