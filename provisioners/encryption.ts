import type { EncryptionKey } from '../src/state/encryption-keys.ts';
import { yaml } from './yaml.ts';

/**
 * How the API server keeps Secrets in etcd: written with the first key, read with any of them; what was written
 * before there was a key is read as it is.
 */
export const encryptionConfiguration = (keys: readonly EncryptionKey[]): string =>
  yaml({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [
      {
        resources: ['secrets'],
        providers: [
          ...inUse(keys).map(({ name, provider, secret }) => ({ [provider]: { keys: [{ name, secret }] } })),
          { identity: {} },
        ],
      },
    ],
  });

const inUse = (keys: readonly EncryptionKey[]): EncryptionKey[] =>
  keys.filter(({ retired = false }) => !retired);

/** What every value in etcd begins with that was written with this key. */
export const prefixOf = ({ name, provider }: EncryptionKey): string => `k8s:enc:${provider}:v1:${name}:`;
