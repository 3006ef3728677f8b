import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

/** Its rules, from objects of the API; what they do to packets: matrix/policies.test.ts. */
it('the agent of NetworkPolicies writes the rules that are recorded', { timeout: 600_000 }, () => {
  const cwd = fileURLToPath(new URL('boxes/modules/network-policy', packageRoot));
  // As it is compiled for the image, so that nothing is compiled twice.
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -buildvcs=false -trimpath' };
  const { status, stdout, stderr } = spawnSync('go', ['test', '-count=1', '.'], {
    cwd,
    env,
    encoding: 'utf8',
  });
  expect(status, `${stdout}${stderr}`).toBe(0);
});

it('nft takes them', () => {
  const rules = fileURLToPath(new URL('boxes/modules/network-policy/testdata/rules.nft', packageRoot));
  const { status, stderr } = spawnSync('unshare', ['--net', 'nft', '-f', rules], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
});
