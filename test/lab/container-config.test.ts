import { describe, expect, it } from 'vitest';
import { withoutSettings } from '../../src/lab/container-config.ts';

const base = 'lxc.rootfs.path = dir:/x\n# vagrant-lxc container specific configuration\n';
const settings = (address: string) =>
  `# VAGRANT-BEGIN\nlxc.group=ours\nlxc.net.1.ipv4.address=${address}/24\n# VAGRANT-END\n`;

describe('withoutSettings', () => {
  it('leaves a configuration alone that vagrant-lxc has not added to', () => {
    expect(withoutSettings(base, 'ours')).toBe(base);
  });

  it.each([
    ['one start', settings('10.0.0.1')],
    ['several starts', settings('10.0.0.1') + settings('10.0.0.2') + settings('10.0.0.2')],
  ])('removes what %s added, and keeps our mark', (_, added) => {
    expect(withoutSettings(base + added, 'ours')).toBe(`${base}lxc.group=ours\n`);
  });

  it('keeps one mark however often it is asked', () => {
    const once = withoutSettings(base + settings('10.0.0.1'), 'ours');
    expect(withoutSettings(once + settings('10.0.0.1'), 'ours')).toBe(once);
  });
});
