import { AUDIT } from '../audit-policy.ts';
import { pathOf } from '../resources/static-pod.ts';
import type { Entry, Look } from './look.ts';
import {
  everywhere,
  hasKubelet,
  onNode,
  excepted,
  onEtcd,
  onMaster,
  ours,
  type Row,
  type Verdict,
  well,
  withProxy,
  wrong,
} from './row.ts';

const octal = (mode: number): string => mode.toString(8).padStart(3, '0');
const shown = ({ path, mode, owner }: Entry): string => `${path} ${octal(mode)} ${owner}`;

type Pick = (look: Look) => readonly Entry[];

const at =
  (...paths: string[]): Pick =>
  ({ files }) =>
    files.filter(({ path }) => paths.includes(path));
const below =
  (folder: string, is: (entry: Entry) => boolean): Pick =>
  ({ files }) =>
    files.filter((entry) => (entry.path === folder || entry.path.startsWith(`${folder}/`)) && is(entry));
const isFile = ({ kind }: Entry): boolean => kind === 'file';

/** Those that break the rule, all of them named. */
function judged(entries: readonly Entry[], isRight: (entry: Entry) => boolean): Verdict {
  const broken = entries.filter((entry) => !isRight(entry));
  if (entries.length === 0) return wrong('not there');
  return broken.length === 0 ? well(entries.map(shown).join(', ')) : wrong(broken.map(shown).join(', '));
}

const noMoreThan =
  (mode: number) =>
  (entry: Entry): boolean =>
    (entry.mode & ~mode) === 0;
const ownedBy =
  (owner: string) =>
  (entry: Entry): boolean =>
    entry.owner === owner;

const mode = (id: string, what: string, on: Row['on'], entries: Pick, most = 0o600): Row => ({
  ...{ id: `CIS ${id}`, title: `${what}: ${octal(most)} or stricter`, on },
  judge: (look) => judged(entries(look), noMoreThan(most)),
});
const owner = (id: string, what: string, on: Row['on'], entries: Pick, name = 'root:root'): Row => ({
  ...{ id: `CIS ${id}`, title: `${what}: owned by ${name}`, on },
  judge: (look) => judged(entries(look), ownedBy(name)),
});

/** Two rows: mode and owner. */
const closed = (modeId: string, ownerId: string, what: string, on: Row['on'], entries: Pick): Row[] => [
  mode(modeId, what, on, entries),
  owner(ownerId, what, on, entries),
];

/** The unit and whatever adds to it, or the pod’s file. */
const unit =
  (name: string): Pick =>
  ({ files }) => {
    const path = `/etc/systemd/system/${name}.service`;
    const own = [path, pathOf(name)];
    return files.filter(
      (entry) => isFile(entry) && (own.includes(entry.path) || entry.path.startsWith(`${path}.d/`)),
    );
  };

const conf = (name: string): Pick => at(`/etc/kubernetes/${name}.conf`);

const cni: Pick = (look) => [
  ...below('/etc/cni/net.d', isFile)(look),
  ...below('/var/lib/cni/networks', isFile)(look),
];

/** Held by the plug-in while it writes; it has no content. */
const isLock = ({ path }: Entry): boolean => path.endsWith('/lock');

const cniModes: Row = {
  ...{ id: 'CIS 1.1.9', title: 'CNI files: 600 or stricter', on: everywhere },
  judge: (look) => {
    const entries = cni(look);
    const open = entries.filter((entry) => isLock(entry) && !noMoreThan(0o600)(entry));
    return [
      judged(
        entries.filter((entry) => !isLock(entry)),
        noMoreThan(0o600),
      ),
      ...open.map((entry) =>
        excepted(shown(entry), 'an empty lock that the CNI plug-in makes with this mode'),
      ),
    ];
  },
};

const PKI = '/etc/kubernetes/pki';
const ending = (suffix: string): Pick => below(PKI, (entry) => isFile(entry) && entry.path.endsWith(suffix));

const configuration = at(
  ...['encryption', 'audit-policy', 'admission'].map((name) => `/etc/kubernetes/${name}.yaml`),
);

const etcdKeys = below('/etc/etcd', ({ path }) => path.endsWith('.key'));

export const files: readonly Row[] = [
  ...closed('1.1.1', '1.1.2', 'unit of the API server', onMaster, unit('kube-apiserver')),
  ...closed('1.1.3', '1.1.4', 'unit of the controller-manager', onMaster, unit('kube-controller-manager')),
  ...closed('1.1.5', '1.1.6', 'unit of the scheduler', onMaster, unit('kube-scheduler')),
  ...closed('1.1.7', '1.1.8', 'unit of etcd', onEtcd, unit('etcd')),
  cniModes,
  owner('1.1.10', 'CNI files', everywhere, cni),
  mode('1.1.11', 'etcd’s data', onEtcd, at('/var/lib/etcd'), 0o700),
  owner('1.1.12', 'etcd’s data', onEtcd, at('/var/lib/etcd'), 'etcd:etcd'),
  ...closed('1.1.13', '1.1.14', 'administrator’s kubeconfig', onMaster, conf('admin')),
  ...closed('1.1.15', '1.1.16', 'scheduler’s kubeconfig', onMaster, conf('scheduler')),
  ...closed('1.1.17', '1.1.18', 'controller-manager’s kubeconfig', onMaster, conf('controller-manager')),
  owner(
    '1.1.19',
    'certificates and keys',
    everywhere,
    below(PKI, () => true),
  ),
  mode('1.1.20', 'certificates', everywhere, ending('.crt'), 0o644),
  mode('1.1.21', 'keys', onMaster, ending('.key')),
  ...closed('4.1.1', '4.1.2', 'unit of the kubelet', hasKubelet, unit('kubelet')),
  ...closed('4.1.3', '4.1.4', 'kube-proxy’s kubeconfig', withProxy, at('/var/lib/kube-proxy/kubeconfig')),
  ...closed('4.1.5', '4.1.6', 'kubelet’s kubeconfig', onNode, conf('kubelet')),
  mode('4.1.7', 'the kubelet’s client authority', everywhere, at(`${PKI}/ca.crt`), 0o644),
  owner('4.1.8', 'the kubelet’s client authority', everywhere, at(`${PKI}/ca.crt`)),
  ...closed('4.1.9', '4.1.10', 'kubelet’s configuration', hasKubelet, at('/var/lib/kubelet/config.yaml')),
  ours('modes', mode('', 'configuration with secrets or rules', onMaster, configuration)),
  ours('audit log', mode('', 'folder of the audit log', onMaster, at(AUDIT), 0o700)),
  ours('etcd keys', mode('', 'etcd’s keys', onEtcd, etcdKeys)),
  {
    ...{
      id: 'ours: super-admin',
      title: 'no credential that RBAC cannot take away lies here',
      on: everywhere,
    },
    judge: ({ said }) => {
      const masters = said('subject').filter((line) => /O=system:masters/.test(line));
      return masters.length === 0 ? well('none') : wrong(masters.join(', '), 'Remove that file there.');
    },
  },
];
