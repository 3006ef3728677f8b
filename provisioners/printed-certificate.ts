import { X509Certificate } from 'node:crypto';
import { type Script, sh } from '../src/connection/quote.ts';

const FIRST = '/-BEGIN CERT/,/-END CERT/{/-----/!p;/-END CERT/q}';

/** Prints the first certificate of a file, never a key beside it. openssl x509 would take ten times as long. */
export const printCertificate = (path: string): Script => sh`sed -n ${FIRST} ${path} 2>/dev/null`;

export type PrintedCertificate = Pick<X509Certificate, 'validTo' | 'fingerprint256'>;

const seen = new Map<string, PrintedCertificate | null>();

/** What was printed; null for what is none. Each is taken apart once: all machines print the same authority. */
export function certificateIn(printed: string): PrintedCertificate | null {
  const text = printed.replaceAll(/\s/g, '');
  const known = seen.get(text);
  if (known !== undefined) return known;
  const found = parsed(text);
  seen.set(text, found);
  return found;
}

function parsed(text: string): PrintedCertificate | null {
  try {
    const { validTo, fingerprint256 } = new X509Certificate(Buffer.from(text, 'base64'));
    return { validTo, fingerprint256 };
  } catch {
    return null;
  }
}
