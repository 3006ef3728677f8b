import { expect } from 'vitest';
import type { Lab } from './lab.ts';

/** A line of `hardway pki list`. */
export interface Certificate {
  readonly machine: string;
  readonly place: string;
  readonly subject: string;
  readonly serial: string;
  readonly ends: string;
  readonly isAuthority: boolean;
}

/** Every certificate of the cluster, as the command tells it. */
export async function listed(lab: Lab): Promise<readonly Certificate[]> {
  const { code, output } = await lab.hardway('pki', 'list', '--json');
  expect(code, output).toBe(0);
  return (JSON.parse(output.slice(output.indexOf('{'))) as { certificates: Certificate[] }).certificates;
}

/** Serial numbers of all but authorities, by machine and place. */
export const serialsOf = async (lab: Lab): Promise<Map<string, string>> =>
  new Map(
    (await listed(lab))
      .filter(({ isAuthority }) => !isAuthority)
      .map((one) => [`${one.machine} ${one.place}`, one.serial]),
  );

/** The files on a machine in which this authority (PEM) still stands. */
export async function filesThatTrust(lab: Lab, machine: string, authority: string): Promise<string> {
  const line = authority.split('\n')[5] ?? '';
  expect(line.length).toBeGreaterThan(40);
  const { stdout } = await lab.on(
    machine,
    `grep -rls '${line}' /etc /var/lib/kubelet /var/lib/kube-proxy; true`,
  );
  return stdout;
}
