import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyProgram, type Done, downloadProgram, keptProgram } from '../artefacts/fetch-program.ts';
import { unreachable } from '../artefacts/reachable.ts';
import { sha256OfFile } from '../artefacts/record.ts';
import { openWorkshop } from '../artefacts/workshop.ts';
import type { Cluster } from '../cluster/model.ts';
import { ArtefactError, UsageError } from '../errors.ts';
import type { Report } from '../report/event.ts';
import { cachedProgram, fetchedFile } from './client.ts';
import type { Client } from './hand.ts';
import { systemOf } from './system.ts';

export interface FetchRequest {
  /** Default: the cluster's. */
  readonly version?: string;
  /** A folder that is to hold it too. */
  readonly to?: string;
  /** A mirror of the place where releases begin. */
  readonly from?: string;
}

/** Brings the client for this system; returns where it lies. Downloads nothing when it is there unharmed. */
export async function fetchClient(
  client: Client,
  cluster: Cluster,
  request: FetchRequest,
  report: Report,
): Promise<string> {
  const version = request.version?.replace(/^v/, '') ?? cluster.kubernetes.version;
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw new UsageError(`${version} is no version; write 1.36.4`);
  const misfit = client.misfit(cluster, version);
  if (misfit !== null)
    throw new UsageError(misfit, { remedy: 'Leave --version out: the cluster’s own is taken.' });
  const system = systemOf();
  const url = client.address(version, system);
  if (url === null) throw new UsageError(`no ${client.name} is released for ${system.os} ${system.arch}`);
  const shop = openWorkshop({
    mirrors: request.from === undefined ? {} : { [client.home]: request.from },
  });
  const note = (text: string): void => report({ type: 'note', text });
  const file = fetchedFile(client, version, system);
  const done = await keptProgram(file, async (temporary) => {
    const obstacle = await unreachable(url, shop);
    if (obstacle === null) return downloadProgram(url, temporary, { ...shop, report });
    const own = version === cluster.kubernetes.version ? cachedProgram(client, cluster) : null;
    if (own === null) throw new ArtefactError(`${client.name} ${version} cannot be fetched: ${obstacle}`);
    note(`${obstacle}: the one that machines are given is taken from the cache`);
    await copyFile(own, temporary);
    return sha256OfFile(temporary);
  });
  note(`${file}: ${SAID[done]} (${client.name} ${version}, ${system.os} ${system.arch})`);
  if (request.to === undefined) return file;
  const copy = join(request.to, file.slice(file.lastIndexOf(client.name)));
  note(`${copy}: ${SAID[await copyProgram(file, copy)]}`);
  return copy;
}

const SAID: Readonly<Record<Done, string>> = {
  there: 'is there and unharmed',
  made: 'fetched and verified',
  replaced: 'was damaged; fetched anew and verified',
};
