import { existsSync } from 'node:fs';
import { cachedArtefacts } from '../artefacts/artefacts.ts';
import { defaultLockFile, readLock } from '../artefacts/lock.ts';
import { sudo } from '../box/sudo.ts';
import type { Cluster } from '../cluster/model.ts';
import { HardwayError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { $ } from '../shell.ts';
import { installPackages, missingPackages } from './packages.ts';

/** Installs what the lab needs on this host, and says so. Throws HardwayError before anything was changed. */
export async function prepareHost(
  cluster: Cluster,
  packages: readonly string[],
  report: Report,
): Promise<void> {
  const missing = await missingPackages([...packages, ...compilerPackages(cluster)]);
  if (missing.length === 0) return;
  await requireDebianAndRoot(missing);
  report({ type: 'note', text: `this host lacks ${missing.join(', ')}: installing` });
  await installPackages(missing, report);
}

/** Only when something will have to be compiled. */
function compilerPackages({ artefacts }: Cluster): readonly string[] {
  if (artefacts.source === 'releases' || cachedArtefacts(artefacts.source)) return [];
  const needs = readLock(defaultLockFile()).groups.flatMap(({ modules }) => modules.needs?.debian ?? []);
  return [...new Set(needs)];
}

async function requireDebianAndRoot(missing: readonly string[]): Promise<void> {
  const lacks = `the lab needs ${missing.join(', ')}`;
  if (!existsSync('/etc/debian_version')) {
    throw new HardwayError('LAB', `${lacks}, and only on Debian and its relatives can I install that`, {
      remedy: 'Install them, or use VirtualBox, libvirt or VMware: vagrant up --provider=virtualbox.',
    });
  }
  if (sudo.length > 0 && !(await $({ nothrow: true })`${sudo} -v`).ok) {
    throw new HardwayError('LAB', `${lacks}, and to install that I must be root or may use sudo`);
  }
}
