/** What the two flavours do not share. */
import type { Description, Judged } from './description.ts';
import type { Finding, Path } from './problem.ts';
import type { Settings } from './settings.ts';

export function kubeadmFindings(
  { kubernetes, kubeadm, nodes }: Judged<Settings>,
  written: Judged<Description>,
): readonly Finding[] {
  if (kubernetes?.flavour === undefined) return [];
  if (kubernetes.flavour === 'scratch') return withoutKubeadm(kubeadm);
  const roles = (nodes ?? []).map((entry) => entry?.roles);
  // As hasStackedEtcd judges.
  const isExternal = roles.some((each) => each?.includes('etcd') !== each?.includes('master'));
  return [
    ...(written.pki?.signer === 'operator' ? [wrong(['pki', 'signer'], KUBEADM_SIGNS, '"cluster"')] : []),
    ...(written.controlPlane?.style === 'systemd'
      ? [wrong(['controlPlane', 'style'], 'kubeadm makes static pods', '"static-pods"')]
      : []),
    ...(written.controlPlane?.registerNode === false
      ? [wrong(['controlPlane', 'registerNode'], 'kubeadm makes every master a node', 'true')]
      : []),
    ...(written.network?.flannel?.store === 'etcd' && !isExternal
      ? [
          wrong(
            ['network', 'flannel', 'store'],
            STACKED,
            '"kubernetes"; or etcd on machines that are no masters',
          ),
        ]
      : []),
    ...patchFindings(kubeadm?.patches ?? [], isExternal),
  ];
}

const STACKED =
  'etcd is made by kubeadm here and has no users: a minion with a credential for it could read all';
const KUBEADM_SIGNS = 'with kubernetes.flavour kubeadm the masters sign what kubelets ask for';

/** A field that would be read by nobody is a mistake. */
const withoutKubeadm = (kubeadm: Judged<Settings>['kubeadm']): readonly Finding[] =>
  Object.entries(kubeadm ?? {}).flatMap(([key, value]) =>
    Array.isArray(value) && value.length > 0
      ? [wrong(['kubeadm', key], 'counts only with kubernetes.flavour kubeadm', INSTEAD)]
      : [],
  );

const INSTEAD = 'controlPlane.extraArgs, which every flavour knows';

type Patches = NonNullable<NonNullable<Judged<Settings>['kubeadm']>['patches']>;

const patchFindings = (patches: Patches, isExternal: boolean): readonly Finding[] =>
  patches.flatMap((entry, index) => {
    if (entry === undefined) return [];
    const { target, type = 'strategic', patch } = entry;
    const path: Path = ['kubeadm', 'patches', index];
    const isList = Array.isArray(patch);
    return [
      ...(patch !== undefined && isList !== (type === 'json')
        ? [wrong([...path, 'patch'], `a patch of the type ${type}`, isList ? 'an object' : LIST)]
        : []),
      ...(target === 'etcd' && isExternal
        ? [wrong([...path, 'target'], 'etcd runs on machines of its own here, not by kubeadm')]
        : []),
    ];
  });

const LIST = 'a list of operations';

const wrong = (path: Path, message: string, allowed?: string): Finding => ({
  ...{ path, at: 'value', message },
  ...(allowed === undefined ? {} : { allowed }),
});
