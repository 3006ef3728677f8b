import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultLockFile, readLock } from '../../src/artefacts/lock.ts';
import { standing } from '../live/support/bring-up.ts';
import { told } from '../live/support/changes.ts';
import { makeLab } from '../live/support/lab.ts';

const NOW = readLock(defaultLockFile()).groups.find(({ name }) => name === 'kubernetes')?.version ?? '';
const NEXT = NOW.replace(/\d+$/, (patch) => String(Number(patch) + 1));

/** A Hardway that pins another patch release; its programs are compiled from the same source under the next number. */
describe('the next patch release', () => {
  const lab = makeLab('hwt-patch', '192.168.108.0/24');
  const machines = ['master', 'minion-1'] as const;

  standing(lab, () =>
    lab.edit((description) => {
      description['artefacts'] = { source: 'modules' };
      description.nodes[1]!.count = 1;
    }),
  );

  const said = async (script: string): Promise<string[]> =>
    (await Promise.all(machines.map((machine) => lab.on(machine, script)))).map(({ stdout }) => stdout);
  /** What somebody reads who logs in. */
  const banner = `su - vagrant -c 'script -qec "bash -l" /dev/null' <<< exit`;
  const releaseOn = async (): Promise<(string | undefined)[]> =>
    (await said(`bash -c ${JSON.stringify(banner)}`)).map((text) => /^kubernetes +v(\S+)/m.exec(text)?.[1]);

  it('is refused by a Hardway that has another one', async () => {
    expect(await releaseOn()).toEqual([NOW, NOW]);
    lab.edit((description) => void (description['kubernetes'] = { version: NEXT }));
    const refused = await lab.hardway('plan');
    expect([refused.code, refused.output]).toEqual([
      1,
      expect.stringContaining(`cluster.json asks for Kubernetes ${NEXT}; this Hardway installs ${NOW}`),
    ]);
  });

  it('replaces programs, restarts what they are, and touches nothing else', async () => {
    const lock = join(lab.folder, 'boxes/artefacts.json');
    writeFileSync(lock, readFileSync(lock, 'utf8').replaceAll(NOW, NEXT));
    const { code, output, changes } = await told(lab, 'up');
    expect(code, output).toBe(0);
    const files = changes.map((change) => change.split(' ')[1]).filter((name) => name?.startsWith('file:'));
    expect(
      files.filter((name) => !/^file:\/(usr\/local\/bin|etc\/systemd\/system)\/kube/.test(name ?? '')),
    ).toEqual([]);
    expect(changes).toContain('master artefact:/usr/local/bin/kube-apiserver');
    expect(changes).toContain('minion-1 artefact:/usr/local/bin/kubelet');
  });

  it('is what the greeting, `version --nodes` and the programs say', async () => {
    expect(await said('kubelet --version')).toEqual(machines.map(() => `Kubernetes v${NEXT}\n`));
    expect(await releaseOn()).toEqual([NEXT, NEXT]);
    const { code, output } = await lab.hardway('version', '--nodes', '--json');
    expect(code, output).toBe(0);
    const named = (JSON.parse(output) as { machines: Record<string, Record<string, string>> }).machines;
    const ofKubernetes = (programs: Record<string, string> = {}) =>
      Object.entries(programs).filter(([name]) => name.startsWith('kube'));
    for (const machine of machines) {
      expect(ofKubernetes(named[machine]).length).toBeGreaterThan(1);
      for (const [name, version] of ofKubernetes(named[machine]))
        expect([machine, name, version]).toEqual([machine, name, NEXT]);
    }
  });

  it('is well, and a second run has nothing to do', async () => {
    const status = await lab.hardway('status');
    expect(status.code, status.output).toBe(0);
    expect(status.output).toContain(`v${NEXT} everywhere`);
    expect((await told(lab, 'up')).changes).toEqual([]);
    const verified = await lab.hardway('verify');
    expect(verified.code, verified.output).toBe(0);
  });

  it('is not taken back', async () => {
    const lock = join(lab.folder, 'boxes/artefacts.json');
    writeFileSync(lock, readFileSync(lock, 'utf8').replaceAll(NEXT, NOW));
    lab.edit((description) => void (description['kubernetes'] = { version: NOW }));
    const refused = await lab.hardway('plan');
    expect([refused.code, refused.output]).toEqual([1, expect.stringContaining('a step back')]);
  });
});
