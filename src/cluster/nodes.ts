/** Which machines become nodes of the cluster, as isNode of provisioners/scope.ts judges. */
import type { Judged } from './description.ts';
import type { Entry } from './entry.ts';
import { isEtcdOnly } from './entry.ts';
import type { Settings } from './settings.ts';

/** With kubeadm they always are, whatever is written; kubeadm-rules.ts says so. */
export const areMastersNodes = ({ controlPlane, kubernetes }: Judged<Settings>): boolean =>
  controlPlane?.registerNode !== false || kubernetes?.flavour !== 'scratch';

/** Why an entry's machines become none; undefined when they do, or when wrong roles may be meant to. */
export function whyNoNode(entry: Entry, settings: Judged<Settings>): string | undefined {
  if (isEtcdOnly(entry)) return 'the role etcd alone makes none';
  const isMaster = entry?.roles?.every((role) => role === 'etcd' || role === 'master') === true;
  return isMaster && !areMastersNodes(settings)
    ? 'with controlPlane.registerNode false masters are none'
    : undefined;
}
