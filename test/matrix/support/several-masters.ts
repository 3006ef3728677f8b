import { join } from 'node:path';
import { expect } from 'vitest';
import { namespaces, type Polled } from '../../live/support/api-poll.ts';
import { told } from '../../live/support/changes.ts';
import { leader } from '../../live/support/etcd.ts';
import type { Lab } from '../../live/support/lab.ts';
import { powerOff } from '../../live/support/power.ts';
import { until } from '../../live/support/waiting.ts';

/** What a test of masters that come and go says of its lab; `prefix` as "192.168.84". */
export interface SeveralMasters {
  /** These masters, m1 …, and a minion. Masters keep their addresses by name, whoever leaves. */
  describe(...numbers: number[]): void;
  /** A run, while one that is no longer described stays until somebody says yes. */
  awaitsConsent(leaving: string): Promise<void>;
  /** A second run has nothing to do. */
  settled(): Promise<void>;
  /** Pulls the plug of one: the API answers, and somebody else leads, within 30 s. */
  goesOnWithout(machine: string): Promise<void>;
  /** What a machine proves itself with, and its kubelet's process: equal before and after means that it noticed nothing. */
  identity(machine: string): Promise<string>;
}

export function severalMasters(lab: Lab, prefix: string): SeveralMasters {
  const answers = async (): Promise<boolean> =>
    (await namespaces(join(lab.folder, '.hardway', 'kubeconfig'))) === null;
  return {
    async identity(machine) {
      const { stdout } = await lab.on(
        machine,
        `find /etc/kubernetes /var/lib/kubelet /var/lib/kube-proxy /etc/flannel -xdev -path '*/pods/*' -prune -o -type f \\( -name '*.crt' -o -name '*.key' -o -name '*.pem' -o -name '*.conf' -o -name kubeconfig \\) -print 2>/dev/null | sort | xargs sha256sum
systemctl show -p MainPID --value kubelet`,
      );
      expect(stdout).toMatch(/kubelet-client-.*\.pem\n/);
      return stdout;
    },
    describe: (...numbers) =>
      lab.edit((description) => {
        // The first master has no address that moves: going to several brings it.
        const before = description['controlPlane'] as object | undefined;
        if (numbers.length > 1) description['controlPlane'] = { ...before, endpoint: `${prefix}.10` };
        const masters = numbers.map((number) => ({
          ...{ name: `m${number}`, roles: ['etcd', 'master'], memory: 1536 },
          address: `${prefix}.${10 + number}`,
        }));
        description.nodes = [...masters, { name: 'minion', count: 1, roles: ['minion'], memory: 1536 }];
      }),
    async awaitsConsent(leaving) {
      const made = await lab.npm('run', 'lab');
      expect([made.code, made.output]).toEqual([1, expect.stringContaining(`not removed: ${leaving}`)]);
    },
    async settled() {
      expect(await told(lab, 'up', '--yes')).toMatchObject({ code: 0, changes: [] });
      const plan = await lab.hardway('plan');
      expect(plan.code, plan.output).toBe(0);
    },
    async goesOnWithout(machine) {
      const led = await leader(lab);
      await powerOff(lab, machine);
      const off = Date.now();
      const answered = await until(answers, 30);
      const rest = 30 - (Date.now() - off) / 1000;
      const lead =
        answered + (await until(async () => led !== machine || (await leader(lab)) !== machine, rest));
      console.log(
        `${machine} off: the API answers after ${answered.toFixed(1)} s, a leader after ${lead.toFixed(1)} s`,
      );
    },
  };
}

/** Seconds for which the API may be silent while masters come, go and restart. */
const SILENCE = 15;

/** The figures for docs/masters.md; fails when callers would have noticed more than a moment. */
export function unnoticed(what: string, { good, bad, silence }: Polled): void {
  const figures = `${what}: ${good} calls answered, ${bad.length} not, silent for ${silence.toFixed(1)} s at most`;
  console.log([figures, ...bad].join('\n'));
  expect(silence, figures).toBeLessThan(SILENCE);
}
