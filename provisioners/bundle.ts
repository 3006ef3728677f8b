import type { Cluster, Node } from '../src/cluster/model.ts';
import { daysIn } from '../src/cluster/duration.ts';
import type { BundledFile } from '../src/cli/product.ts';
import { newKey, privateKeyPem, publicHalf } from '../src/pki/keys.ts';
import type { State } from '../src/state/directory.ts';
import { type CertificateEntry, certificates, kubeletPlace } from './certificates.ts';
import { kubeconfig } from './kubeconfig.ts';
import { type ClusterPki, preparePki } from './pki.ts';
import { apiServer } from './scope.ts';

const PKI = '/etc/kubernetes/pki';

/**
 * Certificates and keys of one machine by the place where each lies there, its kubelet's included: with them it joins
 * without a token. No key of an authority is among them. Everything is made on this side; the state directory must
 * hold the authorities already.
 */
export async function bundle(cluster: Cluster, node: Node, state: State): Promise<BundledFile[]> {
  const pki = await preparePki(cluster, state.path('pki'), false);
  await pki.keep();
  const own = certificates(cluster).filter(({ name }) => name.startsWith(`${node.name}/`));
  const authority = (path: string, name: 'ca' | 'etcd-ca' | 'front-proxy-ca'): BundledFile =>
    file(path, pki.authority(name).trustPem, 0o644);
  return [
    authority(`${PKI}/ca.crt`, 'ca'),
    authority('/etc/flannel/pki/ca.crt', 'etcd-ca'),
    ...(node.roles.includes('etcd') ? [authority('/etc/etcd/pki/ca.crt', 'etcd-ca')] : []),
    ...(node.roles.includes('master')
      ? [
          authority(`${PKI}/etcd/ca.crt`, 'etcd-ca'),
          authority(`${PKI}/front-proxy-ca.crt`, 'front-proxy-ca'),
          file(`${PKI}/sa.pub`, pki.serviceAccount.publicPem, 0o644),
          file(`${PKI}/sa.key`, pki.serviceAccount.privatePem, 0o600),
        ]
      : []),
    ...own.flatMap((entry) => filesOf(cluster, node, entry, pki)),
    ...(await kubeletFiles(cluster, node, pki)),
  ];
}

/** A pair, or a kubeconfig that embeds both. */
function filesOf(cluster: Cluster, node: Node, entry: CertificateEntry, pki: ClusterPki): BundledFile[] {
  const { certificate, key } = pki.leaf(entry.name);
  if (entry.place.endsWith('.crt'))
    return [file(entry.place, certificate, 0o644), file(entry.place.replace(/\.crt$/, '.key'), key, 0o600)];
  const ca = pki.authority('ca').trustPem;
  const user = entry.name.slice(node.name.length + 1);
  return [
    file(
      entry.place,
      kubeconfig(cluster.name, apiServer(cluster, node), ca, user, { certificate, key }),
      0o600,
    ),
  ];
}

async function kubeletFiles(cluster: Cluster, node: Node, pki: ClusterPki): Promise<BundledFile[]> {
  const issue = async (usage: 'client' | 'server'): Promise<BundledFile> => {
    const key = await newKey(cluster.pki.algorithm);
    const { certificatePem } = pki.authority('ca').issue({
      publicKey: publicHalf(key),
      commonName: `system:node:${node.name}`,
      organizations: ['system:nodes'],
      usages: [usage],
      names: usage === 'client' ? { dns: [], ip: [] } : { dns: [node.name], ip: [node.address] },
      days: daysIn(cluster.pki.leafValidity),
    });
    return file(kubeletPlace(usage), certificatePem + privateKeyPem(key), 0o600);
  };
  const conf = kubeconfig(cluster.name, apiServer(cluster, node), { file: `${PKI}/ca.crt` }, 'kubelet', {
    file: kubeletPlace('client'),
  });
  return [file('/etc/kubernetes/kubelet.conf', conf, 0o600), await issue('client'), await issue('server')];
}

const file = (path: string, content: string, mode: number): BundledFile => ({
  path: path.slice(1),
  content,
  mode,
});
