import { describe, expect, it } from 'vitest';
import { refusal } from '../../provisioners/kubelet-requests.ts';
import { type Ask, client, csr, makeKey, request, serving } from './kubelet-csr.ts';
import { cluster } from './machines.ts';

const nodes = ['master', 'minion-1', 'minion-2'];

describe('a request is refused', () => {
  const torn = (pem: string): string => pem.replace(/\n.{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  const cases: [string, Ask, RegExp][] = [
    [
      'a node that is not in cluster.json',
      { ...client, subject: '/O=system:nodes/CN=system:node:evil' },
      /system:node:evil is no node/,
    ],
    [
      'a common name that is no node',
      { ...client, subject: '/O=system:nodes/CN=minion-1' },
      /minion-1 is no node/,
    ],
    [
      'the name of an administrator',
      { ...client, subject: '/O=system:nodes/CN=kubernetes-admin' },
      /is no node/,
    ],
    [
      'a doubled prefix',
      { ...client, subject: '/O=system:nodes/CN=system:node:system:node:minion-1' },
      /is no node/,
    ],
    [
      'two common names',
      { ...client, subject: '/O=system:nodes/CN=system:node:minion-1/CN=admin' },
      /cannot be read/,
    ],
    [
      'the group of masters',
      { ...client, subject: '/O=system:masters/CN=system:node:minion-1' },
      /groups are system:masters/,
    ],
    [
      'one group more',
      { ...client, subject: '/O=system:nodes/O=system:masters/CN=system:node:minion-1' },
      /groups are/,
    ],
    [
      'both groups in one',
      { ...client, subject: '/O=system:nodes,system:masters/CN=system:node:minion-1' },
      /groups are/,
    ],
    ['no group', { ...client, subject: '/CN=system:node:minion-1' }, /groups are none/],
    [
      'client: asked by another node',
      { ...client, requestor: 'system:node:minion-2' },
      /minion-2 may not ask for minion-1/,
    ],
    ['client: asked by a user', { ...client, requestor: 'kubernetes-admin' }, /may not ask/],
    ['client: with names', { ...client, sans: 'DNS:minion-1' }, /carries no names/],
    [
      'client: to serve with',
      { ...client, usages: ['digital signature', 'client auth', 'server auth'] },
      /usage server auth/,
    ],
    ['client: to sign with', { ...client, usages: ['client auth', 'cert sign'] }, /usage cert sign/],
    ['client: for nothing', { ...client, usages: [] }, /does not ask for the usage client auth/],
    [
      'serving: asked by another node',
      { ...serving, requestor: 'system:node:minion-2' },
      /minion-2 is not minion-1/,
    ],
    [
      'serving: asked with the join token',
      { ...serving, requestor: 'system:bootstrap:abcdef' },
      /is not minion-1/,
    ],
    [
      'serving: the name of another',
      { ...serving, sans: 'DNS:minion-2' },
      /minion-2 does not belong to minion-1/,
    ],
    [
      'serving: the address of another',
      { ...serving, sans: 'DNS:minion-1,IP:192.168.56.11' },
      /192.168.56.11 does not/,
    ],
    [
      'serving: the API as well',
      { ...serving, sans: `${serving.sans},DNS:kubernetes` },
      /^kubernetes does not belong/,
    ],
    ['serving: everything', { ...serving, sans: 'DNS:*' }, /\* does not belong/],
    ['serving: an e-mail address', { ...serving, sans: 'DNS:minion-1,email:a@b.c' }, /email:a@b.c/],
    ['serving: a URI', { ...serving, sans: 'DNS:minion-1,URI:spiffe://x' }, /URI:spiffe:/],
    ['serving: no name', { ...serving, sans: '' }, /carries no name/],
    [
      'serving: to be a client with',
      { ...serving, usages: ['server auth', 'client auth'] },
      /usage client auth/,
    ],
    [
      'a weak key',
      { ...client, key: makeKey('weak', '-algorithm RSA', '-pkeyopt rsa_keygen_bits:1024') },
      /RSA with 1024 bits/,
    ],
    ['no request at all', { ...client, pem: 'garbage' }, /cannot be read/],
    ['a damaged request', { ...client, pem: torn(csr(client)) }, /cannot be read|not signed by its own key/],
  ];
  it.each(cases)('%s', (_, ask, reason) => {
    expect(refusal(request(ask), cluster, nodes)).toMatch(reason);
  });

  it('from the token for a node that has joined; from the node itself it is fine', () => {
    const joining = ['minion-2'];
    expect(refusal(request(client), cluster, joining)).toMatch(/which has joined already/);
    expect(refusal(request({ ...client, requestor: 'system:node:minion-1' }), cluster, joining)).toBeNull();
  });
});
