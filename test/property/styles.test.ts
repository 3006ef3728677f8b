import { expect, it } from 'vitest';
import { planIsApply, powerOn, succeeded } from './properties.ts';
import { describe as edit, described, newModel, run } from './rig.ts';

const PATIENCE = 120_000;

const of = (style: string) => described({ name: 'lab', controlPlane: { style } });

/** What runs of the control plane, and how. */
const running = (model: ReturnType<typeof newModel>): string[] => {
  const { systemd, pods } = model.master();
  const isComponent = (name: string): boolean => /^kube-(apiserver|controller-manager|scheduler)/.test(name);
  const units = systemd.ids().filter((id) => isComponent(id) && systemd.isActive(id));
  return [...units, ...pods.keys()];
};
const UNITS = ['kube-apiserver.service', 'kube-controller-manager.service', 'kube-scheduler.service'];
const PODS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

it(
  'a control plane of units becomes one of pods, and units again',
  async () => {
    const model = newModel(of('systemd'), 'vm');
    succeeded(await run(model));
    expect(running(model)).toEqual(UNITS);
    for (const [style, expected] of [
      ['static-pods', PODS],
      ['systemd', UNITS],
    ] as const) {
      edit(model, of(style));
      await planIsApply(model);
      expect(running(model)).toEqual(expected);
    }
  },
  PATIENCE,
);

it.each(['systemd', 'static-pods'])(
  'a change to %s that is cut off anywhere is finished by the next run',
  async (style) => {
    const before = of(style === 'systemd' ? 'static-pods' : 'systemd');
    for (let at = 1; at <= 40; at += 9) {
      const model = newModel(before, 'lxc');
      succeeded(await run(model));
      edit(model, of(style));
      await run(model, { cut: { at, done: at % 2 === 0, power: at % 4 === 0 } });
      powerOn(model);
      succeeded(await run(model));
      expect(running(model)).toEqual(style === 'systemd' ? UNITS : PODS);
      await planIsApply(model);
    }
  },
  PATIENCE,
);
