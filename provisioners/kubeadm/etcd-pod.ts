import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { ALONE, etcdctl } from '../etcdctl.ts';
import { copied, kept } from '../etcd-kept.ts';
import { pathOf } from '../resources/static-pod.ts';
import { awaited, PATIENCE, processOf } from '../resources/started-with.ts';
import { PHASES } from './components.ts';

const MANIFEST = pathOf('etcd');
/** The kubelet takes no notice of what begins with a dot. */
const ASIDE = '/etc/kubernetes/manifests/.hardway-etcd';
const FLAG = '--force-new-cluster';

const runs = sh`pgrep -f ${processOf('etcd')} >/dev/null`;
const answers = sh`${etcdctl} endpoint health --command-timeout=3s >/dev/null 2>&1`;

/** A kubelet that has ended a pod, or seen it fail, takes minutes before another one of its name; after a restart none. */
const end = (...pods: readonly string[]): Script => sh`systemctl start kubelet
rm -f ${pods.map(pathOf)}
${verbatim(awaited(sh`! ${verbatim(runs)}`, 'end etcd'))}
systemctl restart kubelet`;

/** Seconds for both scripts below. */
export const LIMIT = 3 * PATIENCE;

/**
 * Ends the control plane of this machine, which cannot be without its database, and takes that out of its way. Joining
 * makes both again.
 */
export const setAside: Script = sh`set -e
rm -f ${ASIDE}
${verbatim(end(...Object.keys(PHASES)))}
${verbatim(kept)}`;

/**
 * The member drops all others, by a flag that its pod has for one start only. Cut off in between, the next run writes
 * the pod as it should be before anybody joins.
 */
export const alone: Script = sh`set -e
[ ! -e ${MANIFEST} ] || grep -v -e ${FLAG} ${MANIFEST} >${ASIDE}
chmod 600 ${ASIDE}
trap '[ ! -e ${ASIDE} ] || mv -f ${ASIDE} ${MANIFEST}' EXIT
trap 'exit 143' TERM HUP INT
${verbatim(end('etcd'))}
${verbatim(copied)}
(umask 077; awk ${`{ print } $1 == "-" && $2 == "etcd" { sub(/etcd$/, "${FLAG}"); print }`} ${ASIDE} >${`${ASIDE}-alone`})
grep -q -e ${FLAG} ${`${ASIDE}-alone`}
date +%s >${ALONE}
mv -f ${`${ASIDE}-alone`} ${MANIFEST}
${verbatim(awaited(answers, 'start etcd alone'))}
${verbatim(end('etcd'))}
mv -f ${ASIDE} ${MANIFEST}
${verbatim(awaited(answers, 'start etcd again'))}`;
