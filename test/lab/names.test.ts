import { describe, expect, it } from 'vitest';
import { bridgeName, containerName, groupName, hardwareAddress, hostLink } from '../../src/lab/names.ts';

const long = 'a'.repeat(32);

describe('names on the host', () => {
  it.each(['lab', 'twelve-chars', 'thirteen-char', long])('fit the kernel: cluster %s', (cluster) => {
    expect(bridgeName(cluster).length).toBeLessThanOrEqual(15);
    expect(hostLink(cluster, 'master', 1).length).toBeLessThanOrEqual(15);
    expect(containerName(cluster, 'm'.repeat(63)).length).toBeLessThanOrEqual(64);
  });

  it('can be read when they are short', () => {
    expect(bridgeName('lab')).toBe('hw-lab');
    expect(containerName('lab', 'minion-1')).toBe('minion-1.lab');
  });

  it('never mean two machines', () => {
    expect(containerName('lab', '2-master')).not.toBe(containerName('lab-2', 'master'));
    expect(bridgeName(`${long}a`)).not.toBe(bridgeName(`${long}b`));
    expect(hostLink('lab', 'master', 0)).not.toBe(hostLink('lab', 'master', 1));
  });

  it('mark the folder that a lab was made from', () => {
    expect(groupName('lab', '/')).toBe(groupName('lab', '/usr/..'));
    expect(groupName('lab', '/')).not.toBe(groupName('lab', '/usr'));
  });

  it('give each NIC one unicast hardware address for good', () => {
    expect(hardwareAddress('lab', 'master', 1)).toMatch(/^00:16:3e(:[0-9a-f]{2}){3}$/);
    expect(hardwareAddress('lab', 'master', 1)).toBe(hardwareAddress('lab', 'master', 1));
    expect(hardwareAddress('lab', 'master', 1)).not.toBe(hardwareAddress('shop', 'master', 1));
  });
});
