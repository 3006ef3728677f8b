import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/engine/resource.ts';
import { exists, observed, phase, run, stage, workFolder } from './mini.ts';

const folder = workFolder();
const at = (name: string): string => join(folder, name);
const petabyte = 2 ** 50;
writeFileSync(at('source'), 'not really');
const large = (name: string): Step => ({
  ...{ put: at(name), mode: 0o755 },
  content: { file: at('source'), sha256: 'a'.repeat(64), size: petabyte },
});

describe('room on the machines', () => {
  it('is looked at before anything is changed, for all phases at once', async () => {
    const phases = [
      phase('one', stage(exists(at('first')))),
      phase('two', stage(exists(at('kubelet'), large('kubelet')))),
      phase('three', stage(exists(at('kube-proxy'), large('kube-proxy')))),
    ];
    await expect(run(phases)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^a: no space below \/.*: \d+ MiB free, 2147483648 MiB needed \(kubelet, kube-proxy\)$/,
      ),
      evidence: [`${at('kubelet')}: ${petabyte} bytes`, `${at('kube-proxy')}: ${petabyte} bytes`],
    });
    expect(existsSync(at('first'))).toBe(false);
    expect((await run(phases, { planOnly: true })).outcome.changes).toBe(3);
  });

  it('costs nothing when nothing large is to be sent', async () => {
    const runs: string[] = [];
    const phases = [phase('one', stage(exists(folder, large('never sent'))))];
    await run(phases, { machines: [{ name: 'a', connection: observed(runs) }] });
    expect(runs.filter((script) => /\bdf /.test(script))).toEqual([]);
  });
});
