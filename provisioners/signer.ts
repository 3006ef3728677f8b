import { secondsIn } from '../src/cluster/duration.ts';
import type { Resource } from '../src/engine/resource.ts';
import { absent, file, type FileResource } from '../src/resources/file.ts';
import { noService } from '../src/resources/no-service.ts';
import { service } from '../src/resources/service.ts';
import { kubeNodes, type Scope } from './scope.ts';
import { template } from './template.ts';

const CERTIFICATE = '/etc/kubernetes/pki/signer.crt';
const KEY = '/etc/kubernetes/pki/signer.key';
const NODES = '/etc/kubernetes/nodes';
const SCRIPT = '/usr/local/lib/hardway/approve-serving';
const UNIT = 'hardway-approver';

/** Flags with which the controller-manager signs for kubelets, and for nobody else; none: it signs nothing. */
export const signerFlags = ({ cluster }: Pick<Scope, 'cluster'>): Record<string, string> =>
  cluster.pki.signer === 'operator'
    ? {}
    : {
        'cluster-signing-kubelet-client-cert-file': CERTIFICATE,
        'cluster-signing-kubelet-client-key-file': KEY,
        'cluster-signing-kubelet-serving-cert-file': CERTIFICATE,
        'cluster-signing-kubelet-serving-key-file': KEY,
        'cluster-signing-duration': `${secondsIn(cluster.pki.leafValidity)}s`,
      };

/** What the controller-manager must be started with again. */
export const signerFiles = ({ cluster, pki }: Scope): FileResource[] =>
  cluster.pki.signer === 'operator'
    ? []
    : [
        file(CERTIFICATE, pki.authority('ca').certificatePem),
        file(KEY, pki.authority('ca').keyPem, {
          secret: true,
          why: 'pki.signer is "cluster": whoever takes this master over can make certificates for anybody.',
        }),
      ];

/** Whoever approves what kubelets ask for their servers; Kubernetes itself approves only what they ask as clients. */
export function approver({ cluster }: Scope): Resource[] {
  if (cluster.pki.signer === 'operator')
    return [noService(UNIT), ...[CERTIFICATE, KEY, NODES, SCRIPT].map(absent)];
  const nodes = file(
    NODES,
    kubeNodes(cluster)
      .map(({ name, address }) => `${name} ${address}\n`)
      .join(''),
  );
  const script = file(SCRIPT, template('signer/approve-serving', {}), { mode: 0o755 });
  return [
    nodes,
    script,
    ...service(UNIT, template('signer/hardway-approver.service', {}), { follows: [script] }),
  ];
}
