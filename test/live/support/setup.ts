import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.ts';
import { labs } from './lab.ts';

const hardway = join(import.meta.dirname, '..', '..', '..', 'src', 'bootstrap.mjs');

/** Removes every lab of the live tests: before, what a killed run left; afterwards, our own. */
async function clean(): Promise<void> {
  for (const name of existsSync(labs) ? readdirSync(labs) : []) {
    const folder = join(labs, name);
    if (existsSync(join(folder, 'cluster.json'))) {
      const told = await command(process.execPath, [hardway, 'lab', 'destroy'], {
        cwd: folder,
        seconds: 300,
      });
      if (told.code !== 0) throw new Error(`${folder} could not be cleaned\n${told.output}`);
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

export const setup = clean;
export const teardown = clean;
