import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeLab } from './support/lab.ts';

/** The engine killed in the middle of a bring-up, again and again; one more run ends where an undisturbed one would. */
describe('a killed engine', () => {
  const lab = makeLab('hwt-crash', '192.168.79.0/24');

  beforeAll(async () => {
    const installed = await lab.npm('ci');
    expect(installed.code, installed.output).toBe(0);
  });
  afterAll(async () => {
    const told = await lab.npm('run', 'lab', '--', '--destroy');
    expect(told.code, told.output).toBe(0);
  });

  it.each([20, 45, 10, 25, 6])(
    'leaves a state that the next run understands (killed at its change %i)',
    async (change) => {
      expect(await killedAt(change)).toBe('SIGKILL');
    },
  );

  it('is forgotten after one more run', async () => {
    const up = await lab.hardway('up');
    expect(up.code, up.output).toBe(0);
    const plan = await lab.hardway('plan');
    expect(plan.code, plan.output).toBe(0);
    const nodes = await lab.kubectl(['get', 'nodes', '--no-headers']);
    expect(nodes.match(/ Ready /g)).toHaveLength(3);
  });

  /** Kills `hardway lab` when it announces its n-th change; resolves with how it ended. */
  function killedAt(count: number): Promise<string | null> {
    return new Promise((resolve) => {
      const engine = spawn(process.execPath, [join(lab.folder, 'src/bootstrap.mjs'), 'lab', '--json'], {
        cwd: lab.folder,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let seen = 0;
      createInterface({ input: engine.stdout }).on('line', (line) => {
        if (line.includes('"type":"change"') && (seen += 1) === count) engine.kill('SIGKILL');
      });
      engine.once('close', (_, signal) => resolve(signal));
    });
  }
});
