/** Resources on this very machine: asked, changed and asked again as the engine does it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Connection, Upload } from '../../src/connection/connection.ts';
import { localConnection } from '../../src/connection/local.ts';
import { change } from '../../src/engine/change.ts';
import { differences } from '../../src/engine/difference.ts';
import { LOGS } from '../../src/engine/output.ts';
import { type Answer, type Resource, unknown } from '../../src/engine/resource.ts';
import { survey } from '../../src/engine/survey.ts';

/** A folder for the tests of one file, removed after them. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-resources-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(`${LOGS}/test.log`, { force: true });
  });
  return folder;
}

export async function ask(resource: Resource, connection: Connection = localConnection()): Promise<Answer> {
  return (await survey('here', connection, [resource])).get(resource.id) ?? null;
}

/** "mode: 0600 → 0644", sorted; empty: as desired. */
export async function drift(resource: Resource, connection?: Connection): Promise<string[]> {
  const now = await ask(resource, connection);
  return differences(resource, now === unknown ? null : now).map(
    ({ key, now: is, wanted }) => `${key}: ${String(is)} → ${String(wanted)}`,
  );
}

export async function bring(
  resource: Resource,
  connection: Connection = localConnection(),
): Promise<readonly string[]> {
  const now = await ask(resource, connection);
  const steps = resource.steps(now === unknown ? null : now);
  const site = { machine: 'here', phase: 'test', connection, report: () => undefined };
  await change(site, [{ resource: resource.id, steps }]);
  return steps.map((step) => Object.keys(step)[0] ?? '');
}

/** This machine with one absolute folder moved elsewhere, so that nothing outside of `to` is touched. */
export function relocated(from: string, to: string): Connection & { readonly puts: readonly Upload[] } {
  const local = localConnection();
  const puts: Upload[] = [];
  return {
    ...local,
    puts,
    run: (script, options) => local.run(script.replaceAll(from, to), options),
    async put(file) {
      puts.push(file);
      await local.put({ ...file, path: file.path.replaceAll(from, to) });
    },
  };
}
