import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Description, Lab } from './lab.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'examples');

/** Takes over an example as it is shipped, but for its name and its range. `prefix`: as "192.168.84". */
export function describeAs(lab: Lab, example: string, prefix: string): void {
  const text = readFileSync(join(folder, `${example}.json`), 'utf8').replaceAll('192.168.56', prefix);
  const wanted = JSON.parse(text) as Description;
  lab.edit((description) => {
    const { name } = description;
    for (const key of Object.keys(description)) delete description[key];
    Object.assign(description, wanted, { name });
  });
}
