import { CLOCK_SKEW } from '../src/pki/authority.ts';
import type { ClusterPki } from './pki.ts';
import { certificateIn } from './printed-certificate.ts';

/** The problem of a kubelet that has yet to ask. */
export const NONE = 'there is none';

export type KubeletUsage = 'client' | 'server';

/** Below this part of its life the kubelet itself should have asked for the next one long ago. */
const LAST_PART = 1 / 10;

/** Why a kubelet must get another certificate; null: the one it has will do. `printed`: as printCertificate does. */
export function identityProblem(
  printed: string,
  node: string,
  usage: KubeletUsage,
  pki: ClusterPki,
): string | null {
  const certificate = certificateIn(printed);
  if (certificate === null) return NONE;
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  if (to - Date.now() < (to - from) * LAST_PART)
    return to < Date.now() ? 'it has expired' : 'it is about to expire';
  if (!pki.authority('ca').signed(certificate)) return 'it is not signed by the present authority';
  const { renewal } = pki;
  const isAsked = renewal?.names.has(`${node}/kubelet-${usage}`) === true;
  return isAsked && from + CLOCK_SKEW < renewal.since - 1000 ? 'it is to be renewed' : null;
}
