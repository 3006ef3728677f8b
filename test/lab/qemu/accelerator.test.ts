import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { accelerator } from '../../../src/lab/qemu/accelerator.ts';

const folder = mkdtempSync(join(tmpdir(), 'hardway-accelerator-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const device = file('kvm', '');

it.each([
  ['Intel’s', device, 'flags\t\t: fpu vme vmx ssse3\n', 'kvm'],
  ['AMD’s', device, 'flags\t\t: fpu vme svm\n', 'kvm'],
  ['one that is itself a guest’s', device, 'flags\t\t: fpu vme svmx vmxnet\n', 'tcg,thread=multi'],
  ['one that this user may not have', join(folder, 'none'), 'flags\t\t: fpu vmx\n', 'tcg,thread=multi'],
])('the processor: %s', (_, kvm, cpuinfo, expected) => {
  expect(accelerator(kvm, file('cpuinfo', cpuinfo)).name).toBe(expected);
});
