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
const ended = awaited(sh`! ${verbatim(runs)}`, 'end etcd');
const answers = sh`${etcdctl} endpoint health --command-timeout=3s >/dev/null 2>&1`;

/** Seconds for both scripts below. */
export const LIMIT = 3 * PATIENCE;

/**
 * Ends the control plane of this machine, which cannot be without its database, and takes that out of its way. Joining
 * makes both again.
 */
export const setAside: Script = sh`set -e
systemctl start kubelet
rm -f ${Object.keys(PHASES).map(pathOf)} ${ASIDE}
${verbatim(ended)}
${verbatim(kept)}`;

/**
 * The member drops all others, by a flag that its pod has for one start only. Cut off in between, the next run writes
 * the pod as it should be before anybody joins.
 */
export const alone: Script = sh`set -e
systemctl start kubelet
[ ! -e ${MANIFEST} ] || grep -v -e ${FLAG} ${MANIFEST} >${ASIDE}
chmod 600 ${ASIDE}
trap 'mv -f ${ASIDE} ${MANIFEST} 2>/dev/null' EXIT
trap 'exit 143' TERM HUP INT
rm -f ${MANIFEST}
${verbatim(ended)}
${verbatim(copied)}
(umask 077; awk ${`{ print } $1 == "-" && $2 == "etcd" { sub(/etcd$/, "${FLAG}"); print }`} ${ASIDE} >${`${ASIDE}-alone`})
grep -q -e ${FLAG} ${`${ASIDE}-alone`}
date +%s >${ALONE}
mv -f ${`${ASIDE}-alone`} ${MANIFEST}
${verbatim(awaited(sh`pgrep -f ${`${processOf('etcd')}.*${FLAG}`} >/dev/null && ${verbatim(answers)}`, 'start etcd alone'))}
mv -f ${ASIDE} ${MANIFEST}
${verbatim(awaited(sh`! pgrep -f ${`${processOf('etcd')}.*${FLAG}`} >/dev/null && ${verbatim(runs)} && ${verbatim(answers)}`, 'start etcd again'))}
# What failed for want of a database would be started again in up to five minutes.
systemctl restart kubelet`;
