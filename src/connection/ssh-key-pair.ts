import ssh2 from 'ssh2';

/** A new private key for logins, in OpenSSH's form. */
export const newPrivateKey = (): string => ssh2.utils.generateKeyPairSync('ed25519').private;

/** The public half of a private key: "ssh-ed25519 AAAA…". */
export function publicHalf(privateKey: string | Buffer): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  return `${key.type} ${key.getPublicSSH().toString('base64')}`;
}
