import { createHash } from 'node:crypto';
import { sh } from '../../src/connection/quote.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { kubectl, type Manifest, question } from '../resources/manifest.ts';
import type { Scope } from '../scope.ts';
import { certificateKey, clusterConfiguration, documents, initConfiguration } from './configuration.ts';
import { kubeadm } from './run.ts';

const SECRET: Manifest = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'kubeadm-certs', namespace: 'kube-system' },
};
const KEY = 'hardway.dev/key';
const ID = 'secret:kube-system/kubeadm-certs';

/** Which key it was encrypted with; nobody learns the key from that. */
const asked = question(SECRET, ({ metadata }) => ({ key: metadata.annotations?.[KEY] ?? '' }));

/** The authorities' keys, encrypted, for the masters that join; the key travels with each of them. */
export function uploadedCertificates(scope: Scope): Resource {
  const key = certificateKey(scope);
  const digest = createHash('sha256').update(key).digest('hex').slice(0, 16);
  return {
    id: ID,
    desired: { key: digest },
    question: asked,
    steps: () => [
      {
        run: kubeadm(
          ['init', 'phase', 'upload-certs', '--upload-certs', '--skip-certificate-key-print'],
          documents(initConfiguration(scope, { key }), clusterConfiguration(scope)),
        ),
      },
      {
        run: sh`${kubectl} annotate secret kubeadm-certs --namespace kube-system --overwrite ${`${KEY}=${digest}`} >/dev/null`,
      },
    ],
    why: 'Masters that join fetch them; encrypted with a key that only they are told, and gone when they have joined.',
  };
}

/** As soon as all masters have joined, with the token of kubeadm's that would have ended it after two hours. */
export const noUploadedCertificates: Resource = {
  id: ID,
  desired: null,
  question: asked,
  steps: () => [
    {
      run: sh`owner=$(${kubectl} get secret kubeadm-certs --namespace kube-system -o jsonpath='{.metadata.ownerReferences[0].name}')
${kubectl} delete secret kubeadm-certs $owner --namespace kube-system --ignore-not-found --wait=false >/dev/null`,
    },
  ],
  why: 'Every master has joined.',
};
