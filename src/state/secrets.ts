import { readdirSync, readFileSync } from 'node:fs';
import { registerPrivateKey, registerSecret } from '../report/redact.ts';
import type { State } from './directory.ts';

/** What holds no secret, and may be large. */
const OPEN =
  /^(journal\.ndjson|runs|inventory|snapshots|known_hosts|described\.json|lock)(\/|$)|\.(crt|pub)$/;

/** Everything in the state directory that nobody may see is left out of whatever is shown or written from now on. */
export function registerSecretsOf(state: State): void {
  for (const entry of readdirSync(state.dir, { withFileTypes: true, recursive: true })) {
    const path = `${entry.parentPath}/${entry.name}`;
    if (!entry.isFile() || OPEN.test(path.slice(state.dir.length + 1))) continue;
    register(readFileSync(path, 'utf8'));
  }
}

/** A token, a list of keys, private keys as they are or as base64. */
function register(text: string): void {
  for (const [key] of text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*-----/g))
    registerPrivateKey(key);
  for (const [, data = ''] of text.matchAll(/client-key-data: *"?([A-Za-z0-9+/=]+)/g)) {
    registerSecret(data);
    registerPrivateKey(Buffer.from(data, 'base64').toString());
  }
  for (const [, secret = ''] of text.matchAll(/"secret": *"([^"]+)"/g)) registerSecret(secret);
  for (const [token, secret = ''] of text.matchAll(/^[a-z0-9]{6}\.([a-z0-9]{16})$/gm)) {
    registerSecret(token);
    registerSecret(secret);
  }
}
