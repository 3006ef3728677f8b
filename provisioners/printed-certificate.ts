import { X509Certificate } from 'node:crypto';
import { type Script, sh } from '../src/connection/quote.ts';

const FIRST = '/-BEGIN CERT/,/-END CERT/{/-----/!p;/-END CERT/q}';

/** Prints the first certificate of a file, never a key beside it. openssl x509 would take ten times as long. */
export const printCertificate = (path: string): Script => sh`sed -n ${FIRST} ${path} 2>/dev/null`;

/** What was printed; null for what is none. White space between its lines does not matter. */
export function certificateIn(printed: string): X509Certificate | null {
  try {
    return new X509Certificate(Buffer.from(printed, 'base64'));
  } catch {
    return null;
  }
}
