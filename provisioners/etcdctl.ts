import { type Script, sh, verbatim } from '../src/connection/quote.ts';

export const CREDENTIAL =
  '--cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/root.crt --key=/etc/etcd/pki/root.key';

/** etcdctl as etcd's user root, on a machine that runs a member. */
export const etcdctl = verbatim(
  `/usr/local/bin/etcdctl --endpoints=https://127.0.0.1:2379 ${CREDENTIAL}` as Script,
);

/**
 * The same, asking the leader. Others hand over some calls to it as nobody in particular, which etcd refuses as soon as
 * it has users: the caller would wait in vain.
 */
export const etcdctlAtLeader = verbatim(
  `/usr/local/bin/etcdctl --endpoints="$leader" ${CREDENTIAL}` as Script,
);

/** Sets `$leader`. Columns of the status: …, is leader, is learner, … */
export const findLeader: Script = sh`leader=$(${etcdctl} endpoint status --cluster 2>/dev/null | grep ', true, false, ' | cut -d, -f1)`;

/**
 * Waits until the member of this machine answers; after so many seconds, or when `goesOn` does not hold any more, it
 * says what etcdctl last said, and fails.
 */
export const answersWithin = (seconds: number, goesOn: Script = sh`true`): Script => sh`since=$(date +%s)
until said=$(${etcdctl} endpoint health --command-timeout=3s 2>&1); do
  if [ $(( $(date +%s) - since )) -ge ${seconds} ] || ! ${verbatim(goesOn)}; then
    echo "etcd does not answer: $said" >&2
    exit 1
  fi
  sleep 0.5
done`;

/** With whom a member starts for the first time; gone as soon as it has been part of a quorum. */
export const BEGINNING = '/etc/etcd/beginning.env';

/** Says whether there is anybody to compare with, each time before the member starts; and where it says so. */
export const COMPARISON = '/usr/local/lib/hardway/whom-to-compare';
export const COMPARING = '/run/hardway/etcd.env';

/** Seconds since 1970 at which this member went on alone; before others that know an older database, it is believed. */
export const ALONE = '/etc/etcd/alone-since';
