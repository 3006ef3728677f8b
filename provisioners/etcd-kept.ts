import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import { BEGINNING } from './etcdctl.ts';

/** Where a database is kept that another one took the place of. */
export const KEPT = '/var/lib/etcd-kept';

const place = sh`install -d -m 0700 ${KEPT}
kept=${KEPT}/member-$(date -u +%Y%m%dT%H%M%SZ)`;

/** Takes the database of a member that does not run out of its way. */
export const kept: Script = sh`if [ -d /var/lib/etcd/member ]; then
${verbatim(place)}
mv /var/lib/etcd/member "$kept"
fi`;

/** Another copy of the database of a member that does not run. */
export const copied: Script = sh`${verbatim(place)}
cp -a /var/lib/etcd/member "$kept"`;

/** Stops the member and takes its database out of its way. */
export const setAside: Script = sh`set -e
systemctl stop etcd
rm -f ${BEGINNING}
${verbatim(kept)}`;
