import { yaml } from './yaml.ts';

export type Credential =
  | { readonly certificate: string; readonly key: string }
  | { readonly token: string }
  /** A file on the machine that its owner rotates. */
  | { readonly file: string };

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Where the API is; `name`: by what its certificate is known, where that is not the host in the address. */
export type Server = string | { readonly server: string; readonly name: string };

/** A kubeconfig. The server is always verified: `ca` is embedded, or the path of a file on the machine. */
export function kubeconfig(
  cluster: string,
  server: Server,
  ca: string | { readonly file: string },
  user: string,
  credential: Credential,
): string {
  const authority =
    typeof ca === 'string'
      ? { 'certificate-authority-data': base64(ca) }
      : { 'certificate-authority': ca.file };
  const text = yaml({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { ...place(server), ...authority } }],
    users: [{ name: user, user: userOf(credential) }],
    contexts: [{ name: cluster, context: { cluster, user } }],
    'current-context': cluster,
  });
  if (!('certificate' in credential)) return text;
  return text.replace(CERTIFICATE, base64(credential.certificate)).replace(KEY, base64(credential.key));
}

const place = (server: Server): object =>
  typeof server === 'string' ? { server } : { server: server.server, 'tls-server-name': server.name };

// base64 needs no quotes, so it may be put in afterwards: the rest is the same for all machines, and written once.
const CERTIFICATE = 'certificate-comes-here';
const KEY = 'key-comes-here';

function userOf(credential: Credential): Readonly<Record<string, string>> {
  if ('token' in credential) return { token: credential.token };
  if ('file' in credential) return { 'client-certificate': credential.file, 'client-key': credential.file };
  return { 'client-certificate-data': CERTIFICATE, 'client-key-data': KEY };
}
