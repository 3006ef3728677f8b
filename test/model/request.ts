import { sign } from 'node:crypto';
import { bits, decode, encode, explicit, integer, oid, sequence, set } from '../../src/pki/der.ts';
import { subjectAltName } from '../../src/pki/extensions.ts';
import { newKeySync, publicHalf } from '../../src/pki/keys.ts';
import { oids } from '../../src/pki/oids.ts';
import { distinguishedName } from '../../src/pki/x509.ts';
import { remembering } from './shape.ts';

/** One key serves all kubelets of the model: only what they ask for matters. */
const key = newKeySync();
const spki = decode(publicHalf(key).export({ type: 'spki', format: 'der' }));
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';

/** A certificate request in PEM as a kubelet makes it. */
export function kubeletRequest(node: string, address: string, signer: 'client' | 'server'): string {
  return made(JSON.stringify([node, signer === 'server' ? address : '']));
}

const made = remembering((wanted) => {
  const [node = '', address = ''] = JSON.parse(wanted) as string[];
  const content = sequence(
    integer(Buffer.from([0])),
    distinguishedName(`system:node:${node}`, ['system:nodes']),
    spki,
    explicit(0, ...(address === '' ? [] : [names(node, address)])),
  );
  const signature = sign('sha256', encode(content), key);
  const der = encode(sequence(content, sequence(oid(ECDSA_SHA256)), bits(signature)));
  const base64 = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE REQUEST-----\n${base64}\n-----END CERTIFICATE REQUEST-----\n`;
});

const names = (node: string, address: string) =>
  sequence(oid(oids.extensionRequest), set(sequence(subjectAltName({ dns: [node], ip: [address] }))));
