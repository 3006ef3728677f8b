import { gzipSync } from 'node:zlib';
import { tar } from '../artefacts/tar.ts';
import type { Connection } from '../connection/connection.ts';
import type { Script } from '../connection/quote.ts';
import { asError } from '../engine/as-error.ts';
import { redact } from '../report/redact.ts';
import { readText } from '../state/read-text.ts';
import { outputFiles } from '../state/runs.ts';
import { registerSecretsOf } from '../state/secrets.ts';
import type { Product } from './product.ts';
import type { Session } from './session.ts';
import { readLogs } from './unit-logs.ts';
import { asked } from './verbs/version.ts';

/** Lines of each unit, and runs whose output goes along. */
const LINES = 2000;
const RUNS = 5;
/** Bytes of the journal's end. */
const JOURNAL = 8 * 1024 * 1024;

/** What helps somebody else to understand this cluster, as a .tar.gz without any secret of the state directory. */
export async function supportBundle(product: Product, session: Session): Promise<Buffer> {
  registerSecretsOf(session.state);
  const { state, cluster } = session;
  const { there, away } = await reached(session);
  const { versions, database, units, podFiles } = await product.hand();
  const logs = cluster.nodes.flatMap((node) => {
    const connection = there.get(node.name);
    if (connection === undefined) return [];
    return units(cluster, node).map((unit): Part => [
      `${node.name}/${unit}.log`,
      () => unitLog(node.name, connection, unit, podFiles),
    ]);
  });
  const runs = (await outputFiles(state, RUNS)).map((file): Part => [
    `runs/${file}`,
    async () => (await readText(state.path('runs', file))) ?? '',
  ]);
  return packed([
    ['cluster.json', async () => json(cluster)],
    [
      'host.json',
      async () => json({ node: process.version, platform: process.platform, arch: process.arch }),
    ],
    ['status.json', async () => json(await product.status(cluster, there, 0))],
    ['versions.json', async () => json(await asked(versions, session, there))],
    ['database.json', async () => json(await database.status(cluster, there))],
    ['journal.ndjson', async () => ((await readText(state.path('journal.ndjson'))) ?? '').slice(-JOURNAL)],
    ...away,
    ...runs,
    ...logs,
  ]);
}

/** Why a machine cannot be reached may be what the bundle is about. */
async function reached(
  session: Session,
): Promise<{ there: ReadonlyMap<string, Connection>; away: readonly Part[] }> {
  const there = new Map<string, Connection>();
  const away: Part[] = [];
  await Promise.all(
    (await session.machines()).map(async ({ name, connection }) => {
      try {
        await connection?.connect();
        if (connection !== null) there.set(name, connection);
      } catch (error) {
        away.push([`${name}/unreachable.txt`, () => Promise.reject(error)]);
      }
    }),
  );
  return { there, away };
}

type Part = readonly [path: string, content: () => Promise<string>];

const json = (data: unknown): string => `${JSON.stringify(data, null, 2)}\n`;

/** What cannot be had is told in its place: the rest counts all the same. */
async function packed(parts: readonly Part[]): Promise<Buffer> {
  const files = await Promise.all(
    parts.map(async ([path, content]) => {
      const text = await content().catch((error: unknown) => `could not be had: ${asError(error).message}\n`);
      return { path: `hardway/${path}`, content: Buffer.from(redact(text)), mode: 0o600 };
    }),
  );
  return gzipSync(tar(files));
}

async function unitLog(
  machine: string,
  connection: Connection,
  unit: string,
  podFiles: Script,
): Promise<string> {
  const lines: string[] = [];
  await readLogs(
    machine,
    connection,
    { units: [unit], podFiles, lines: LINES, since: null },
    { onLine: (line) => lines.push(line), follow: false, signal: new AbortController().signal },
  );
  return lines.map((line) => `${line}\n`).join('');
}
