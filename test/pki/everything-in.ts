import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Every file below a directory, in order, with its mode and content: "600 -----BEGIN…". */
export async function everythingIn(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const seen = await Promise.all(
    files.map(async (file) => {
      const mode = ((await stat(file)).mode & 0o777).toString(8);
      return [relative(directory, file), `${mode} ${await readFile(file, 'utf8')}`] as const;
    }),
  );
  return Object.fromEntries(seen.sort());
}
