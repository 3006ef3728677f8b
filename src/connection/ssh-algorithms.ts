import type { Algorithms, ServerHostKeyAlgorithm } from 'ssh2';

const hostKeys: readonly ServerHostKeyAlgorithm[] = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
];

/**
 * AES-GCM first: the fastest, and outside the Terrapin class, as is counter mode; chacha20 and CBC are left out.
 * Host key types seen before go first, so that the server offers the key we know.
 */
export function algorithms(knownTypes: readonly string[]): Algorithms {
  const known = (type: string) =>
    knownTypes.some((seen) => seen === type || (seen === 'ssh-rsa' && type.startsWith('rsa-')));
  return {
    kex: [
      'curve25519-sha256',
      'curve25519-sha256@libssh.org',
      'ecdh-sha2-nistp256',
      'ecdh-sha2-nistp384',
      'ecdh-sha2-nistp521',
      'diffie-hellman-group16-sha512',
      'diffie-hellman-group14-sha256',
    ],
    cipher: ['aes256-gcm@openssh.com', 'aes128-gcm@openssh.com', 'aes256-ctr', 'aes128-ctr'],
    serverHostKey: [...hostKeys.filter(known), ...hostKeys.filter((type) => !known(type))],
    hmac: [
      'hmac-sha2-256-etm@openssh.com',
      'hmac-sha2-512-etm@openssh.com',
      'hmac-sha2-256',
      'hmac-sha2-512',
    ],
    compress: ['none'],
  };
}
