import { X509Certificate } from 'node:crypto';
import { type Script, sh } from '../src/connection/quote.ts';
import type { Expiring } from '../src/cli/calendar.ts';
import { certificatesIn } from './printed-certificate.ts';

const FOLDERS = [
  ...['/etc/kubernetes', '/etc/etcd', '/etc/flannel', '/etc/containerd'],
  ...['/var/lib/kubelet/pki', '/var/lib/kube-proxy'],
];

/** What a kubeconfig embeds; quotes or none around it. Keys stand in lines of other names. */
const EMBEDDED =
  's/^ *\\(client-certificate\\|certificate-authority\\)-data: *"\\{0,1\\}\\([A-Za-z0-9+\\/=]*\\).*/data|\\2/p';

/**
 * Prints every certificate that lies on a machine below the file that holds it, never a key. Of a kubelet's own only
 * the one in use: it keeps the old ones beside it.
 */
export const calendarScript: Script = sh`find ${FOLDERS} \\( -name '*.crt' -o -name '*-current.pem' -o -name '*.conf' -o -name kubeconfig \\) ! -type d 2>/dev/null | sort | while read -r file; do
  echo "file|$file"
  sed -n '/-BEGIN CERTIFICATE-/,/-END CERTIFICATE-/p' "$file"
  sed -n ${EMBEDDED} "$file"
done`;

/** What the script printed; the same certificate in one file counts once. */
export function readCalendar(output: string): Expiring[] {
  return output
    .split(/^file\|/m)
    .slice(1)
    .flatMap((section) => {
      const [place = '', ...rest] = section.split('\n');
      const embedded = rest
        .filter((line) => line.startsWith('data|'))
        .map((line) => Buffer.from(line.slice(5), 'base64').toString());
      const pems = [...new Set([rest.join('\n'), ...embedded].flatMap(certificatesIn))];
      return pems.map((pem) => expiring(place, new X509Certificate(pem)));
    });
}

/** What is to be said of one certificate. */
function expiring(place: string, certificate: X509Certificate): Expiring {
  const { ca, fingerprint256, serialNumber } = certificate;
  return {
    place,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serial: serialNumber,
    fingerprint: fingerprint256,
    begins: new Date(certificate.validFrom).toISOString(),
    ends: new Date(certificate.validTo).toISOString(),
    isAuthority: ca,
    pem: certificate.toString(),
    renewal: ca ? 'pki rotate-ca' : place.startsWith('/var/lib/kubelet/') ? 'the kubelet and up' : 'up',
  };
}

const oneLine = (name: string): string => name.split('\n').reverse().join(', ');
