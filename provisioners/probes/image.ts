import { provideArtefacts } from '../../src/artefacts/artefacts.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { sh } from '../../src/connection/quote.ts';
import { everywhere } from '../../src/engine/converge.ts';
import { HardwayError, MachineError } from '../../src/errors.ts';
import type { Report } from '../../src/report/event.ts';
import { namesOf, nodesOf } from '../scope.ts';

const NAME = 'image:probe';
const ARCHIVE = '/run/hardway/probe.tar';

/** The image as pods name it: one name for each purpose, so that each can be taken away by itself. */
export const imageFor = (purpose: string): string => `hardway.local/${purpose}:probe`;

type Machines = ReadonlyMap<string, Connection>;

/** Others run no pods, and may have nothing to run them with. */
const nodesAmong = (cluster: Cluster, machines: Machines): Machines => {
  const nodes = namesOf(nodesOf(cluster));
  return new Map([...machines].filter(([name]) => nodes.includes(name)));
};

/** Puts the probe's image into the store of every node; no registry is asked. Throws MachineError. */
export async function deliver(
  cluster: Cluster,
  machines: Machines,
  purpose: string,
  report: Report,
): Promise<void> {
  const image = (await provideArtefacts({ source: 'auto', names: [NAME], report })).get(NAME);
  const { file, sha256, reference } = image;
  if (reference === undefined) throw new HardwayError('INTERNAL', `${NAME} has no reference`);
  await everywhere(nodesAmong(cluster, machines), async (machine, connection) => {
    await connection.put({ path: ARCHIVE, content: { file }, sha256, mode: 0o600 });
    const script = sh`trap 'rm -f ${ARCHIVE}' EXIT
set -e
/usr/local/bin/ctr --namespace k8s.io images import ${ARCHIVE} >/dev/null
/usr/local/bin/ctr --namespace k8s.io images tag --force ${reference} ${imageFor(purpose)} >/dev/null
/usr/local/bin/ctr --namespace k8s.io images rm ${reference} >/dev/null`;
    const result = await connection.run(script, { limit: 60 });
    if (result.ok) return;
    throw new MachineError(machine, `the probe's image could not be imported (${result.outcome})`, {
      evidence: result.stderr.trim().split('\n').slice(-5),
      remedy: 'hardway status says whether containerd is well there.',
    });
  });
}

/** Takes it away again; a machine that is gone meanwhile has none. */
export async function withdraw(cluster: Cluster, machines: Machines, purpose: string): Promise<void> {
  await Promise.all(
    [...nodesAmong(cluster, machines).values()].map((connection) =>
      connection.run(
        sh`/usr/local/bin/ctr --namespace k8s.io images rm --sync ${imageFor(purpose)} >/dev/null 2>&1; true`,
        { limit: 30 },
      ),
    ),
  );
}
