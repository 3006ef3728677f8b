/** A fleet of model machines behind real SSH servers, in a process of its own: `<folder> <number of machines>`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { provideArtefacts } from '../../src/artefacts/artefacts.ts';
import { loadCluster } from '../../src/cluster/load.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { converge } from '../../src/engine/converge.ts';
import { openState } from '../../src/state/directory.ts';
import { encryptionKeys } from '../../src/state/encryption-keys.ts';
import { prepareToken } from '../../src/state/token.ts';
import { preparePki } from '../../provisioners/pki.ts';
import { recipeOf } from '../../provisioners/recipe.ts';
import { ModelCluster } from '../model/cluster.ts';
import { describeFleet } from './fleet-description.ts';
import { type Counts, newKeys, serve } from './fleet-server.ts';
import { withStatus } from './fleet-status.ts';

const [folder = '', number = ''] = process.argv.slice(2);
const counts: Counts = { connections: 0, commands: 0 };
const keys = newKeys();
writeFileSync(join(folder, 'key'), keys.client.private, { mode: 0o600 });

const machines = new Map<string, ReturnType<ModelCluster['machine']>>();
const names = ['master', ...Array.from({ length: Number(number) - 1 }, (_, index) => `minion-${index + 1}`)];
const ports = await Promise.all(
  names.map((name) => serve(keys, counts, () => machines.get(name)!.connection())),
);
const file = join(folder, 'cluster.json');
writeFileSync(file, JSON.stringify(describeFleet(names, ports, join(folder, 'key'))));
await bringUp(loadCluster(file));
process.on('message', () => {
  process.send?.({ ...counts });
  Object.assign(counts, { connections: 0, commands: 0 });
});
process.send?.('ready');

/** The real recipe and engine, without SSH: quicker, and nothing that is measured. */
async function bringUp(cluster: Cluster): Promise<void> {
  const state = openState(join(folder, '.hardway'));
  const report = (): void => undefined;
  const artefacts = await provideArtefacts({ source: 'auto', report });
  const pki = await preparePki(cluster, state.path('pki'), true);
  await pki.keep();
  const { keys: encryption, keep } = await encryptionKeys(state, cluster.security.encryption, true);
  await keep();
  const model = new ModelCluster({ description: cluster, artefacts });
  for (const name of names) machines.set(name, model.machine(name));
  const all = names.map((name) => ({ name, connection: model.machine(name).connection() }));
  const recipe = recipeOf({
    ...{
      cluster,
      pki,
      encryption,
      artefacts,
      token: (await prepareToken(state, 3600)).value,
      leaving: [],
      hostCpus: 16,
    },
    restarting: { machines: async () => all, reload: async () => {}, report },
  });
  const outcome = await converge({ recipe, report, planOnly: false, machines: async () => all });
  const [failure] = outcome.failures;
  if (failure !== undefined) throw failure;
  if (model.surprises.length > 0) throw new Error(model.surprises[0]);
  const api = model.etcd()?.api;
  for (const object of api?.all() ?? []) api?.set(withStatus(object));
}
