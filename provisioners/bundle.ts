import type { BundledFile } from '../src/cli/product.ts';
import { daysIn } from '../src/cluster/duration.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import type { Step } from '../src/engine/resource.ts';
import { newKey, privateKeyPem, publicHalf } from '../src/pki/keys.ts';
import type { State } from '../src/state/directory.ts';
import { kubeletPlace } from './certificates.ts';
import { apiByName } from './endpoint.ts';
import { knownArtefacts } from './known-artefacts.ts';
import { servingNames } from './host-name.ts';
import { kubeconfig } from './kubeconfig.ts';
import { type ClusterPki, preparePki } from './pki.ts';
import { everythingWanted, unaskedScope } from './unasked.ts';

/** A certificate, a key, or a kubeconfig that embeds them. */
const CREDENTIAL = /-----BEGIN |^ *(certificate-authority|client-certificate)(-data)?: /m;

/**
 * Certificates and keys of one machine by the place where each lies there, as the recipe wants them, its kubelet's
 * included: with them it joins without a token. No key of an authority is among them. Everything is made on this side;
 * the state directory must hold the authorities already.
 */
export async function bundle(cluster: Cluster, node: Node, state: State): Promise<BundledFile[]> {
  // With the masters as signers they are given the authority; a bundle never carries it.
  const described: Cluster = { ...cluster, pki: { ...cluster.pki, signer: 'operator' } };
  const pki = await preparePki(described, state.path('pki'), false);
  await pki.keep();
  const scope = unaskedScope(described, node.name, pki, knownArtefacts(described), []);
  const files = everythingWanted(scope)
    .flatMap(({ resource }) => (resource.desired === null ? [] : resource.steps(null)))
    .filter(isText)
    .filter(({ content }) => CREDENTIAL.test(content))
    .map(({ put, content, mode }) => file(put, content, mode));
  // What a later phase wants too is the same file.
  const byPath = new Map(files.map((each) => [each.path, each]));
  return [...byPath.values(), ...(await kubeletFiles(cluster, node, pki))];
}

type Text = Extract<Step, { put: string }> & { readonly content: string };

const isText = (step: Step): step is Text => 'put' in step && typeof step.content === 'string';

async function kubeletFiles(cluster: Cluster, node: Node, pki: ClusterPki): Promise<BundledFile[]> {
  const issue = async (usage: 'client' | 'server'): Promise<BundledFile> => {
    const key = await newKey(cluster.pki.algorithm);
    const { certificatePem } = pki.authority('ca').issue({
      publicKey: publicHalf(key),
      commonName: `system:node:${node.name}`,
      organizations: ['system:nodes'],
      usages: [usage],
      names: usage === 'client' ? { dns: [], ip: [] } : servingNames(node),
      days: daysIn(cluster.pki.leafValidity),
    });
    return file(kubeletPlace(usage), certificatePem + privateKeyPem(key), 0o600);
  };
  const ca = { file: '/etc/kubernetes/pki/ca.crt' };
  const conf = kubeconfig(cluster.name, apiByName(cluster), ca, 'kubelet', {
    file: kubeletPlace('client'),
  });
  return [file('/etc/kubernetes/kubelet.conf', conf, 0o600), await issue('client'), await issue('server')];
}

const file = (path: string, content: string, mode: number): BundledFile => ({
  path: path.slice(1),
  content,
  mode,
});
