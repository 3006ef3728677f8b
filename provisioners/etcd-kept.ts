import { type Script, sh } from '../src/connection/quote.ts';
import { BEGINNING } from './etcdctl.ts';

/** Where a database is kept that another one took the place of. */
export const KEPT = '/var/lib/etcd-kept';

/** Stops the member and takes its database out of its way. */
export const setAside: Script = sh`set -e
systemctl stop etcd
rm -f ${BEGINNING}
[ -d /var/lib/etcd/member ] || exit 0
install -d -m 0700 -o etcd -g etcd ${KEPT}
mv /var/lib/etcd/member ${KEPT}/member-$(date -u +%Y%m%dT%H%M%SZ)`;
