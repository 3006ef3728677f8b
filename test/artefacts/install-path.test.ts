import { expect, it } from 'vitest';
import { installPath } from '../../src/artefacts/install-path.ts';

it.each([
  ['kubelet', 'binary', '/usr/local/bin/kubelet'],
  ['bridge', 'cni', '/opt/cni/bin/bridge'],
  ['image:pause', 'image', '/var/lib/hardway/images/pause.tar'],
] as const)('%s (%s) lies at %s', (name, kind, path) => {
  expect(installPath({ name, kind })).toBe(path);
});

it('a tool lies on no machine', () => {
  expect(() => installPath({ name: 'helm', kind: 'tool' })).toThrow('helm stays on the operator');
});
