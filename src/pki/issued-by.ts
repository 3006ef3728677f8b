/** Which certificates on disk hang on an authority. */
import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The files below a directory whose certificate an authority of this common name issued, itself left out. */
export async function issuedBy(commonName: string, directory: string): Promise<string[]> {
  const files = await filesBelow(directory);
  const certificates = files.filter((file) => file.endsWith('.crt')).sort();
  const judged = await Promise.all(
    certificates.map(async (file) => {
      const names = namesIn(await readFile(join(directory, file)));
      return names?.issuer === commonName && names.subject !== commonName ? [file] : [];
    }),
  );
  return judged.flat();
}

async function filesBelow(directory: string): Promise<string[]> {
  try {
    return await readdir(directory, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function namesIn(pem: Buffer): { subject: unknown; issuer: unknown } | null {
  try {
    const { subject, issuer } = new X509Certificate(pem).toLegacyObject();
    return { subject: subject.CN, issuer: issuer.CN };
  } catch {
    return null;
  }
}
