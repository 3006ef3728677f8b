import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { HardwayError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { $ } from '../shell.ts';
import { aptMirror } from './mirror.ts';
import type { Recipe } from './recipe.ts';
import { sudo, writeAsRoot } from './sudo.ts';

/** Makes the recipe's root file system in a new folder. Needs root; takes a minute. */
export async function makeRoot(recipe: Recipe, root: string, report: Report): Promise<void> {
  await debootstrap(recipe, root, report);
  await addUser(recipe, root);
  for (const folder of recipe.folders ?? []) await $`${sudo} install -d ${root + folder}`;
  for (const { path, mode = '0644', content } of recipe.files) {
    await writeAsRoot(root + path, content, mode);
  }
  await $`${sudo} chroot ${root} systemctl --quiet enable ${recipe.units.enable}`;
  await $`${sudo} chroot ${root} systemctl --quiet mask ${recipe.units.mask}`;
  for (const path of recipe.hide ?? []) await $`${sudo} ln -sf /dev/null ${root + path}`;
  await removeRest(recipe, root);
}

/** "12.12", as the finished root says. */
export async function osVersion(root: string): Promise<string> {
  return (await readFile(join(root, 'etc/debian_version'), 'utf8')).trim();
}

async function debootstrap(recipe: Recipe, root: string, report: Report): Promise<void> {
  const mirror = (await aptMirror(recipe.suite)) ?? [];
  const task = `installing Debian ${recipe.suite} for the box`;
  const include = recipe.packages.join(',');
  const run = $({
    nothrow: true,
  })`${sudo} debootstrap --variant=${recipe.variant} ${`--include=${include}`} ${recipe.suite} ${root} ${mirror} 2>&1`;
  let done = 0;
  for await (const line of run) {
    if (/^I: (Retrieving|Extracting|Unpacking|Configuring) /.test(line)) {
      report({ type: 'progress', task, done: ++done, total: 0, unit: 'steps' });
    }
  }
  const result = await run;
  if (result.ok) return report({ type: 'progress', task, done, total: done, unit: 'steps' });
  throw new HardwayError('BOX', `debootstrap could not install Debian ${recipe.suite}`, {
    evidence: result.stdout.trimEnd().split('\n').slice(-5),
    remedy: "See whether this machine's apt works: sudo apt-get update.",
  });
}

async function addUser({ user }: Recipe, root: string): Promise<void> {
  const folder = `/home/${user.name}/.ssh`;
  await $`${sudo} chroot ${root} useradd --create-home --shell /bin/bash ${user.name}`;
  await $`${sudo} install -d -m 0700 ${root + folder}`;
  await writeAsRoot(`${root}${folder}/authorized_keys`, [user.key], '0600');
  await $`${sudo} chroot ${root} chown -R ${user.name}:${user.name} ${folder}`;
}

/** The wildcards are the shell's own, inside the root, so that no link leads out of it. */
async function removeRest(recipe: Recipe, root: string): Promise<void> {
  const paths = (recipe.remove ?? []).join(' ');
  await $`${sudo} chroot ${root} sh -c ${`rm -rf ${paths}`}`;
}

/** Deletes a folder in which root has made files. */
export async function removeFolder(folder: string): Promise<void> {
  if (sudo.length === 0) await rm(folder, { recursive: true, force: true });
  else await $`${sudo} rm -rf ${folder}`;
}
