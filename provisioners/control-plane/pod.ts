import { dirname } from 'node:path/posix';
import type { Artefact } from '../../src/artefacts/artefact.ts';
import { type Flags, podWords } from '../arguments.ts';
import type { Manifest } from '../resources/manifest.ts';
import type { Component } from './component.ts';
import { type Health, PATIENCE } from './health.ts';

/** Shared by what is renewed while the program runs: a folder shows the new file, a mounted file would stay the old. */
const PKI = '/etc/kubernetes/pki';
/** What the machine itself trusts: for webhooks and identity providers beyond the cluster. */
const TRUST = '/etc/ssl/certs';

/** The pod of a component, as a file for the kubelet of its master. It sees no more of the machine than it is told of. */
export function podOf({ name, flags }: Component, health: Health, image: Artefact): Manifest {
  const mounts = mountsFor(flags);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'kube-system',
      labels: { component: name, tier: 'control-plane', 'app.kubernetes.io/managed-by': 'hardway' },
    },
    spec: {
      hostNetwork: true,
      priorityClassName: 'system-node-critical',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      // As the units have it: requests are over in milliseconds, only watches are held open.
      terminationGracePeriodSeconds: 5,
      containers: [
        {
          name,
          image: image.reference,
          imagePullPolicy: 'IfNotPresent',
          command: [`/usr/local/bin/${name}`, ...podWords(flags)],
          resources: { requests: { cpu: REQUESTS[name] } },
          ...probes(health),
          volumeMounts: mounts.map(({ volume, path, readOnly }) => ({
            ...{ name: volume, mountPath: path },
            ...(readOnly ? { readOnly } : {}),
          })),
        },
      ],
      volumes: mounts.map(({ volume, path, type }) => ({ name: volume, hostPath: { path, type } })),
    },
  };
}

/** A share of the processors that ordinary pods cannot take. */
const REQUESTS = {
  'kube-apiserver': '250m',
  'kube-controller-manager': '200m',
  'kube-scheduler': '100m',
} as const;

function probes({ port, live, ready }: Health): object {
  const ask = (path: string): object => ({
    httpGet: { scheme: 'HTTPS', host: '127.0.0.1', port, path },
    timeoutSeconds: PATIENCE.timeout,
  });
  return {
    // Until it has once been well nothing else is asked; five minutes at most.
    startupProbe: { ...ask(live), periodSeconds: 2, failureThreshold: 150 },
    livenessProbe: {
      ...ask(live),
      ...{ periodSeconds: PATIENCE.period, failureThreshold: PATIENCE.failures },
    },
    readinessProbe: { ...ask(ready), periodSeconds: 2, failureThreshold: 3 },
  };
}

interface Mount {
  readonly volume: string;
  readonly path: string;
  /** '': whatever is there. */
  readonly type: 'Directory' | 'DirectoryOrCreate' | 'File' | '';
  readonly readOnly: boolean;
}

/** Whatever the flags name: the folder of the keys, single files, and the folders of logs, which are written. */
function mountsFor(flags: Flags): Mount[] {
  const named = Object.entries(flags).filter(([name]) => NAMES_FILE.test(name));
  const pathsOf = (value: string): string[] => value.split(',').filter((part) => part.startsWith('/'));
  const logs = named.filter(([name]) => IS_LOG.test(name)).flatMap(([, value]) => pathsOf(value));
  const files = named
    .filter(([name]) => !IS_LOG.test(name))
    .flatMap(([, value]) => pathsOf(value))
    .filter((path) => !path.startsWith(`${PKI}/`));
  return [
    mount(PKI, 'Directory', true),
    mount(TRUST, 'DirectoryOrCreate', true),
    ...[...new Set(files)].map((path) =>
      mount(path, path.startsWith('/etc/kubernetes/') ? 'File' : '', true),
    ),
    ...[...new Set(logs.map(dirname))].map((path) => mount(path, 'DirectoryOrCreate', false)),
  ];
}

const NAMES_FILE = /(file|config|cert|key|dir|log-path)/;
const IS_LOG = /log-(path|file)$/;

const mount = (path: string, type: Mount['type'], readOnly: boolean): Mount => ({
  ...{ path, type, readOnly },
  volume: path
    .replaceAll(/[^A-Za-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '')
    .toLowerCase(),
});
