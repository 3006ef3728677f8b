import { hostName } from '../host-name.ts';
import { nodesOf } from '../scope.ts';
import { CIPHERS } from '../tls.ts';
import { tree } from './look.ts';
import { onFirstMaster } from './question.ts';
import {
  everywhere,
  excepted,
  onNode,
  hardenedOnly,
  ours,
  type Row,
  type Verdict,
  wellIf,
  wrong,
} from './row.ts';

/** Judges what each kubelet itself says that it goes by; the API is asked on one master for all of them. */
const effective = (
  id: string,
  title: string,
  path: string,
  rule: (value: unknown) => boolean,
  key?: Row['key'],
): Row => ({
  ...{ id: `CIS ${id}`, title, on: onFirstMaster },
  judge: (look) =>
    nodesOf(look.cluster).map(({ name }): Verdict => {
      const configuration = look.kubelets.get(name);
      if (configuration === undefined) return { ...wrong('its kubelet did not answer'), machine: name };
      const value = path.split('.').reduce<unknown>((inside, step) => tree(inside)[step], configuration);
      return { ...wellIf(rule(value), `${path}: ${JSON.stringify(value) ?? 'not set'}`), machine: name };
    }),
  ...(key === undefined ? {} : { key }),
});

const is =
  (wanted: unknown) =>
  (value: unknown): boolean =>
    value === wanted;

const KERNEL: Row = {
  ...{
    id: 'ours: kernel',
    title: 'the kubelet insists on safe kernel settings',
    on: everywhere,
    key: hardenedOnly,
  },
  judge: ({ container, documents }) => {
    const value = tree(documents.get('/var/lib/kubelet/config.yaml'))['protectKernelDefaults'];
    const found = `protectKernelDefaults: ${JSON.stringify(value) ?? 'not set'}`;
    if (container)
      return excepted(
        found,
        'this machine is a container: its kernel is the host’s, and so are the settings',
      );
    return wellIf(value === true, found);
  },
};

export const kubelet: readonly Row[] = [
  effective('4.2.1', 'nobody without a credential', 'authentication.anonymous.enabled', is(false)),
  effective('4.2.2', 'rights are asked of the API', 'authorization.mode', is('Webhook')),
  effective(
    '4.2.3',
    'clients’ certificates are checked',
    'authentication.x509.clientCAFile',
    is('/etc/kubernetes/pki/ca.crt'),
  ),
  effective('4.2.4', 'no port for reading without a lock', 'readOnlyPort', (value) => (value ?? 0) === 0),
  effective(
    '4.2.5',
    'shells that nobody uses are closed',
    'streamingConnectionIdleTimeout',
    isMinutes,
    hardenedOnly,
  ),
  effective(
    '4.2.6',
    'the kubelet makes its firewall rules',
    'makeIPTablesUtilChains',
    (value) => value !== false,
  ),
  KERNEL,
  {
    ...{ id: 'CIS 4.2.7', title: 'the node is called what its machine is called', on: onNode },
    judge: ({ processes, said, node }) => {
      const flags = processes.get('kubelet')?.flags;
      if (flags === undefined) return wrong('the kubelet does not run');
      const name = flags.get('hostname-override');
      const [own = ''] = said('hostname');
      const called = hostName(node) === null ? name === node.name : name === undefined && own === node.name;
      return wellIf(called, name === undefined ? own : `--hostname-override=${name}`);
    },
  },
  effective(
    '4.2.8',
    'events are limited, and not lost',
    'eventRecordQPS',
    (value) => value === undefined || (Number(value) >= 5 && Number(value) <= 50),
  ),
  {
    ...{ id: 'CIS 4.2.9', title: 'the kubelet’s own certificate is signed by the cluster', on: onNode },
    judge: ({ said }) =>
      wellIf(said('serving')[0] === 'signed', said('serving')[0] ?? 'not signed by it, or not there'),
  },
  effective('4.2.10', 'client certificates are renewed', 'rotateCertificates', is(true)),
  effective('4.2.11', 'serving certificates are renewed', 'serverTLSBootstrap', is(true)),
  effective(
    '4.2.12',
    'strong ciphers',
    'tlsCipherSuites',
    (value) =>
      Array.isArray(value) && value.length > 0 && value.every((one) => CIPHERS.includes(String(one))),
  ),
  effective(
    '4.2.13',
    'a pod cannot use up all processes',
    'podPidsLimit',
    (value) => Number(value) > 0,
    hardenedOnly,
  ),
  effective('4.2.14', 'system calls are filtered', 'seccompDefault', is(true), hardenedOnly),
  ours(
    'kubelet health',
    effective('', 'the kubelet tells its health on loopback only', 'healthzBindAddress', is('127.0.0.1')),
  ),
];

/** Not 0, and no more than five. */
function isMinutes(value: unknown): boolean {
  const [, minutes = '', seconds = '0'] = /^(\d+)m(?:(\d+)s)?$/.exec(String(value)) ?? [];
  const all = Number(minutes) * 60 + Number(seconds);
  return all > 0 && all <= 300;
}
