import type { Lab } from './lab.ts';

const PKI = '/etc/etcd/pki';

/** As etcd's user root, on a machine that runs a member. */
export const ETCDCTL = `etcdctl --endpoints=https://127.0.0.1:2379 --cacert=${PKI}/ca.crt --cert=${PKI}/root.crt --key=${PKI}/root.key`;

/** Names and what they may, sorted: "master-1 votes", "master-2 learns". */
export async function members(lab: Lab, machine: string): Promise<string[]> {
  const { stdout } = await lab.on(machine, `${ETCDCTL} member list`);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(', '))
    .map(([, , name, , , learns]) => `${name} ${learns === 'true' ? 'learns' : 'votes'}`)
    .sort();
}

/** The machine whose controller manager leads. */
export async function leader(lab: Lab): Promise<string> {
  const lease = ['get', 'lease', 'kube-controller-manager', '-n', 'kube-system', '--request-timeout=3s'];
  const holder = await lab.kubectl([...lease, '-o', 'jsonpath={.spec.holderIdentity}']);
  return holder.split('_')[0] ?? '';
}
