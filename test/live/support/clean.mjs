// Removes every lab of the live tests: what this run made, or what a killed one left behind, in whatever folder that
// was. Plain JavaScript, so that it also runs when nothing else does any more.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Every folder of the live tests lies here, of those whose temporary files lie there. */
export const labsIn = (temporary) => join(temporary, 'hardway-test');
export const labs = labsIn(tmpdir());

const hardway = join(import.meta.dirname, '..', '..', '..', 'src', 'bootstrap.mjs');
const sudo = process.getuid?.() === 0 ? [] : ['sudo'];

export function clean(all = labs) {
  for (const name of existsSync(all) ? readdirSync(all) : []) {
    const folder = join(all, name);
    if (existsSync(join(folder, 'cluster.json'))) {
      const told = spawnSync(process.execPath, [hardway, 'lab', 'destroy'], {
        cwd: folder,
        encoding: 'utf8',
        timeout: 300_000,
      });
      if (told.status !== 0) throw new Error(`${folder} could not be cleaned\n${told.stdout}${told.stderr}`);
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Ends what still runs in these folders: it would go on making what is removed. */
export function endIn(all = labs) {
  for (const pid of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(`${all}/`)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has ended, or is somebody else's.
    }
  }
}

/**
 * Machines called as this lab's, of a run that was killed and whose folder lies elsewhere or is gone. Names of tests
 * begin with "hwt-"; a lab that is about to be made has none yet.
 */
export function removeStrays(name) {
  const there = run('lxc-ls', '-1').stdout?.split(/\s+/) ?? [];
  for (const container of there.filter((each) => name.startsWith('hwt-') && each.endsWith(`.${name}`))) {
    const told = run('lxc-destroy', '--force', '--name', container);
    if (told.status !== 0) throw new Error(`${container} could not be removed\n${told.stderr}`);
  }
}

function run(...args) {
  const [command, ...rest] = [...sudo, ...args];
  return spawnSync(command, rest, { encoding: 'utf8', timeout: 60_000 });
}
