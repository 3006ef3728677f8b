import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { healBridge, removeBridge } from '../../src/lab/bridge.ts';
import { linkExists } from '../../src/lab/links.ts';
import { bridgeName } from '../../src/lab/names.ts';
import { clusterWith } from '../lab/cluster.ts';

const ours = clusterWith({ name: `t${process.pid}`, machineCidr: '198.51.100.0/26' });
const bridge = bridgeName(ours.name);
const stranger = `hwx${process.pid}`.slice(0, 15);

function ip(...words: string[]): string {
  return execFileSync('ip', words, { encoding: 'utf8' });
}

describe.skipIf(process.getuid?.() !== 0)('the bridge of the cluster network (needs root)', () => {
  afterEach(async () => {
    await removeBridge(ours);
    if (linkExists(stranger)) ip('link', 'delete', stranger);
  });

  it("carries the range's first address, and a second call changes nothing", async () => {
    await healBridge(ours);
    const once = ip('address', 'show', bridge);
    expect(once).toContain('inet 198.51.100.1/26');
    await healBridge(ours);
    expect(ip('address', 'show', bridge)).toBe(once);
  });

  it('loses an address that is not its own', async () => {
    await healBridge(ours);
    ip('address', 'add', '203.0.113.1/24', 'dev', bridge);
    await healBridge(ours);
    expect(ip('-4', 'address', 'show', bridge)).not.toContain('203.0.113.1');
  });

  it('is not made when another interface has part of the range', async () => {
    ip('link', 'add', stranger, 'type', 'bridge');
    ip('address', 'add', '198.51.100.40/30', 'dev', stranger);
    await expect(healBridge(ours)).rejects.toThrow(`${stranger} on this host has 198.51.100.40/30`);
    expect(linkExists(bridge)).toBe(false);
  });

  it('stays while something hangs on it', async () => {
    await healBridge(ours);
    ip('link', 'add', stranger, 'type', 'veth');
    ip('link', 'set', stranger, 'master', bridge);
    await removeBridge(ours);
    expect(linkExists(bridge)).toBe(true);
    ip('link', 'delete', stranger);
    await removeBridge(ours);
    expect(linkExists(bridge)).toBe(false);
  });
});
