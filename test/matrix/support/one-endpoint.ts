import { expect } from 'vitest';
import { standing } from '../../live/support/bring-up.ts';
import { type Lab, makeLab } from '../../live/support/lab.ts';
import { until } from '../../live/support/waiting.ts';

/** Seconds within which the API must answer again. */
export const LIMIT = 30;
export const masters = ['master-1', 'master-2', 'master-3'];

/** Three masters, a minion, and the two ways to the API. */
export interface OneEndpoint {
  readonly lab: Lab;
  /** The shared address. */
  readonly address: string;
  addressOf(master: string): string;
  /** The master that has the shared address. */
  holder(): Promise<string>;
  /** What kubeconfigs on the minion call the API. */
  servers(): Promise<string[]>;
  /** Both ways answer again, the shared address and the minion's; how long that took is told. */
  answers(when: string): Promise<void>;
}

/** Brought up before the tests around it, destroyed after them; `prefix` as "192.168.95". */
export function oneEndpoint(name: string, prefix: string, settings: Settings = {}): OneEndpoint {
  const lab = makeLab(name, `${prefix}.0/24`);
  const address = `${prefix}.10`;
  const ways = {
    address: async () => (await lab.kubectl(['get', '--raw', '/readyz', '--request-timeout=2s'])) === 'ok',
    minion: async () => {
      const asked = `curl -s -m 3 --cacert /etc/kubernetes/pki/ca.crt https://api.${lab.name}.internal:6443/readyz`;
      return (await lab.on('minion-1', asked)).stdout === 'ok';
    },
  };
  standing(lab, () =>
    lab.edit((description) => {
      Object.assign(description, settings);
      description['controlPlane'] = { ...settings.controlPlane, endpoint: address };
      description.nodes = [
        { name: 'master', count: 3, roles: ['etcd', 'master'], memory: 1536 },
        { name: 'minion', count: 1, roles: ['minion'], memory: 1024 },
      ];
    }),
  );
  return {
    ...{ lab, address },
    addressOf: (master) => `${prefix}.1${master.slice(-1)}`,
    async holder() {
      for (const machine of masters) {
        const seen = await lab.on(machine, `ip -4 -o address show to ${address}/32`).catch(() => null);
        // One that is off has nothing.
        if ((seen?.stdout ?? '') !== '') return machine;
      }
      throw new Error(`nobody has ${address}`);
    },
    async servers() {
      const files = '/etc/kubernetes /var/lib/kubelet /var/lib/kube-proxy';
      const found = await lab.on('minion-1', `grep -rhsE '^ *server:' ${files} | tr -d ' ' | sort -u`);
      return found.stdout.trim().split('\n');
    },
    async answers(when) {
      // How much too late is told, too.
      const seconds = await Promise.all([until(ways.address, 4 * LIMIT), until(ways.minion, 4 * LIMIT)]);
      const [atAddress, onMinion] = seconds.map((each) => each.toFixed(1));
      console.log(`${name}, ${when}: the address after ${atAddress} s, on a minion after ${onMinion} s`);
      expect(Math.max(...seconds)).toBeLessThan(LIMIT);
    },
  };
}

export interface Settings {
  readonly kubernetes?: object;
  readonly controlPlane?: object;
}
