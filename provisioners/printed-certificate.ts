import { X509Certificate } from 'node:crypto';
import { type Script, sh } from '../src/connection/quote.ts';

const FIRST = '/-BEGIN CERT/,/-END CERT/{/-----/!p;/-END CERT/q}';

/** Prints the first certificate of a file, never a key beside it. openssl x509 would take ten times as long. */
export const printCertificate = (path: string): Script => sh`sed -n ${FIRST} ${path} 2>/dev/null`;

/** Every certificate in a text, PEM. */
export const certificatesIn = (text: string): string[] =>
  text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];

const seen = new Map<string, X509Certificate | null>();

/** What was printed; null for what is none. Each is taken apart once: all machines print the same authority. */
export function certificateIn(printed: string): X509Certificate | null {
  const text = printed.replaceAll(/\s/g, '');
  const known = seen.get(text);
  if (known !== undefined) return known;
  const found = parsed(text);
  seen.set(text, found);
  return found;
}

function parsed(text: string): X509Certificate | null {
  try {
    return new X509Certificate(Buffer.from(text, 'base64'));
  } catch {
    return null;
  }
}
