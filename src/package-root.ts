import { existsSync } from 'node:fs';

/** The folder with package.json, wherever this code was bundled to; ends with a slash. */
export const packageRoot: URL = findRoot(new URL('.', import.meta.url));

function findRoot(folder: URL): URL {
  if (existsSync(new URL('package.json', folder))) return folder;
  const parent = new URL('..', folder);
  if (parent.href === folder.href) throw new Error('package.json of Hardway is missing');
  return findRoot(parent);
}
