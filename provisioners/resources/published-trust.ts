import { X509Certificate } from 'node:crypto';
import { sh } from '../../src/connection/quote.ts';
import type { Resource, State } from '../../src/engine/resource.ts';
import type { Authority } from '../../src/pki/authority.ts';
import { certificatesIn } from '../printed-certificate.ts';
import type { ClusterPki } from '../pki.ts';
import { kubectl, type Manifest, question } from './manifest.ts';

const NAME = 'extension-apiserver-authentication';
const FIELDS = { ca: 'client-ca-file', 'front-proxy-ca': 'requestheader-client-ca-file' } as const;
type Published = keyof typeof FIELDS;

/** Seconds for the API server to read a changed file. */
const PATIENCE = 90;

/**
 * Whom the API server trusts, as it publishes it: the proof that it has read a changed authority, which it does without
 * a restart. It adds by itself and never drops one, so what is trusted no more is taken out by having all made anew.
 */
export function publishedTrust(pki: ClusterPki): Resource {
  const authorities = { ca: pki.authority('ca'), 'front-proxy-ca': pki.authority('front-proxy-ca') };
  const wanted = (live: Manifest): State => ({
    ...deviation('ca', live, authorities.ca),
    ...deviation('front-proxy-ca', live, authorities['front-proxy-ca']),
  });
  const settled: State = {
    'ca missing': 0,
    'ca retired': 0,
    'front-proxy-ca missing': 0,
    'front-proxy-ca retired': 0,
  };
  const asked = question(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: NAME, namespace: 'kube-system' } },
    wanted,
  );
  const numbers = Object.entries(FIELDS).map(([name, field]) => ({
    field,
    number: authorities[name as Published].trusted.length,
  }));
  return {
    id: `configmap:kube-system/${NAME}`,
    desired: settled,
    // A server that has just started for the first time publishes it in a moment, and rightly.
    question: { ...asked, parse: (answer) => asked.parse(answer) ?? settled },
    steps: (now) => [
      ...(now?.['ca retired'] === 0 && now['front-proxy-ca retired'] === 0
        ? []
        : [{ run: sh`${kubectl} delete configmap ${NAME} --namespace kube-system >/dev/null` }]),
      ...numbers.map(({ field, number }) => ({
        run: sh`tries=0
until [ "$(${kubectl} get configmap ${NAME} --namespace kube-system -o jsonpath=${`{.data.${field}}`} 2>/dev/null | grep -c 'BEGIN CERT')" = ${String(number)} ]; do
  tries=$((tries + 1))
  if [ $tries -gt ${String(PATIENCE * 2)} ]; then echo ${`the API server did not publish ${number} authorities as ${field}`}; exit 1; fi
  sleep 0.5
done`,
        limit: PATIENCE * 2,
      })),
    ],
    why: 'Others, such as add-ons with an API of their own, learn from it whom to trust.',
  };
}

/** How many authorities it does not publish yet, and how many it still does. */
function deviation(name: Published, live: Manifest, { trusted }: Authority): State {
  const data = (live['data'] ?? {}) as Readonly<Record<string, string>>;
  const published = certificatesIn(data[FIELDS[name]] ?? '').map(
    (pem) => new X509Certificate(pem).fingerprint256,
  );
  return {
    [`${name} missing`]: trusted.filter((one) => !published.includes(one)).length,
    [`${name} retired`]: published.filter((one) => !trusted.includes(one)).length,
  };
}
