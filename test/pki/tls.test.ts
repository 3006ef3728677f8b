import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { newAuthority } from '../../src/pki/authority.ts';
import type { Authority } from '../../src/pki/authority.ts';
import { newKey, privateKeyPem, publicHalf } from '../../src/pki/keys.ts';
import type { KeyAlgorithm } from '../../src/pki/keys.ts';
import type { Usage } from '../../src/pki/oids.ts';

let own: Authority;
let foreign: Authority;
beforeAll(async () => {
  [own, foreign] = await Promise.all([
    newAuthority({ commonName: 'own', days: 2 }),
    newAuthority({ commonName: 'foreign', days: 2 }),
  ]);
});

interface Identity {
  cert: string;
  key: string;
}

async function identity(authority: Authority, usage: Usage, algorithm: KeyAlgorithm): Promise<Identity> {
  const key = await newKey(algorithm);
  const names = { dns: ['api.lab'], ip: ['127.0.0.1'] };
  const request = { publicKey: publicHalf(key), commonName: usage, usages: [usage], names, days: 1 };
  return { cert: authority.issue(request).certificatePem, key: privateKeyPem(key) };
}

/** The server's verdict ('accepted <client name>' or 'refused: <reason>'), or the code of the client's error. */
async function handshake(server: Identity, client: Identity | null, servername: string): Promise<string> {
  const listener = createServer({
    ...server,
    ca: own.certificatePem,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
  });
  listener.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    const name = (): string => String(socket.getPeerCertificate().subject.CN);
    socket.end(socket.authorized ? `accepted ${name()}` : `refused: ${String(socket.authorizationError)}`);
  });
  listener.on('tlsClientError', () => {});
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, servername, ca: own.certificatePem, ...client });
  try {
    return await answer(socket);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    socket.destroy();
    listener.close();
  }
}

async function answer(socket: TLSSocket): Promise<string> {
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe('a real mutual TLS handshake', () => {
  it.each(['rsa', 'ecdsa'] as const)('succeeds with %s keys from one authority', async (algorithm) => {
    const server = await identity(own, 'server', algorithm);
    const client = await identity(own, 'client', algorithm);
    expect(await handshake(server, client, 'api.lab')).toBe('accepted client');
    expect(await handshake(server, client, '')).toBe('accepted client');
  });

  it('fails for a client without certificate, of another authority, or with a server’s', async () => {
    const server = await identity(own, 'server', 'ecdsa');
    expect(await handshake(server, null, 'api.lab')).toBe('refused: UNABLE_TO_GET_ISSUER_CERT');
    const stranger = await identity(foreign, 'client', 'ecdsa');
    expect(await handshake(server, stranger, 'api.lab')).toBe('refused: UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    const impostor = await identity(own, 'server', 'ecdsa');
    expect(await handshake(server, impostor, 'api.lab')).toBe('refused: INVALID_PURPOSE');
  });

  it('fails for a server of another authority, of another name, or with a client’s certificate', async () => {
    const client = await identity(own, 'client', 'ecdsa');
    const [server, stranger] = [
      await identity(own, 'server', 'ecdsa'),
      await identity(foreign, 'server', 'ecdsa'),
    ];
    expect(await handshake(server, client, 'other.lab')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await handshake(stranger, client, 'api.lab')).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    const impostor = await identity(own, 'client', 'ecdsa');
    expect(await handshake(impostor, client, 'api.lab')).toBe('INVALID_PURPOSE');
  });
});
