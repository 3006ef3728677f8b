import { type Script, verbatim } from '../src/connection/quote.ts';

/** etcdctl as etcd's user root, on a machine that runs a member. */
export const etcdctl = verbatim(
  '/usr/local/bin/etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/root.crt --key=/etc/etcd/pki/root.key' as Script,
);

/** With whom a member starts for the first time; gone as soon as it has been part of a quorum. */
export const BEGINNING = '/etc/etcd/beginning.env';
