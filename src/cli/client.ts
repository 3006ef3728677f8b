import { execFile } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cachedArtefacts } from '../artefacts/artefacts.ts';
import { defaultCache } from '../artefacts/cache.ts';
import { readRecord, sha256OfFile, stampOf, writeRecord } from '../artefacts/record.ts';
import type { Cluster } from '../cluster/model.ts';
import { ArtefactError, StateError } from '../errors.ts';
import type { State } from '../state/directory.ts';
import type { Client, System } from './hand.ts';
import { systemOf } from './system.ts';

/** Where a fetched client lies: shared by all clusters of a user. */
export function fetchedFile({ name }: Client, version: string, { os, arch }: System): string {
  const file = os === 'windows' ? `${name}.exe` : name;
  return join(defaultCache(), name, `${version}-${os}-${arch}`, file);
}

/** The administrator's kubeconfig. Throws StateError while there is none. */
export function kubeconfigOf(state: State): string {
  const path = state.path('kubeconfig');
  if (existsSync(path)) return path;
  throw new StateError('there is no kubeconfig yet', { remedy: 'hardway up makes it.' });
}

/** The client to use: fetched, or ours for Linux, or the one in PATH when it fits. Throws ArtefactError. */
export async function clientProgram(client: Client, cluster: Cluster): Promise<string> {
  const own = (await fetched(client, cluster)) ?? cachedProgram(client, cluster);
  return own ?? (await inPath(client, cluster));
}

/** The one that fits the cluster exactly, or the newest that goes with it. */
async function fetched(client: Client, cluster: Cluster): Promise<string | null> {
  const folder = join(defaultCache(), client.name);
  if (!existsSync(folder)) return null;
  const system = systemOf();
  const suffix = `-${system.os}-${system.arch}`;
  const versions = readdirSync(folder)
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .filter((version) => client.misfit(cluster, version) === null)
    .filter((version) => existsSync(fetchedFile(client, version, system)))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const { version: exact } = cluster.kubernetes;
  const version = versions.includes(exact) ? exact : versions[0];
  return version === undefined ? null : unharmed(fetchedFile(client, version, system));
}

/** Hashed again only when somebody touched it. */
async function unharmed(file: string): Promise<string> {
  const record = readRecord(file);
  if (record !== undefined && record.stamp === stampOf(file)) return file;
  if (record === undefined || (await sha256OfFile(file)) !== record.sha256) {
    throw new ArtefactError(`${file} is not what was put there`, {
      remedy: 'hardway kubectl fetch replaces it.',
    });
  }
  writeRecord(file, record.sha256);
  return file;
}

/** What machines are given does on this computer too, when it is one like them. Null: it does not. */
export function cachedProgram({ name, misfit }: Client, cluster: Cluster): string | null {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) return null;
  const found = cachedArtefacts(cluster.artefacts.source, { names: [name] })?.get(name);
  return found !== undefined && misfit(cluster, found.version) === null ? found.file : null;
}

/** Throws ArtefactError when there is none, or none that fits. */
async function inPath(client: Client, cluster: Cluster): Promise<string> {
  const { name, versionArguments, versionIn } = client;
  const told = await promisify(execFile)(name, [...versionArguments], { timeout: 10_000 }).catch(() => null);
  const version = told && versionIn(told.stdout);
  const misfit = version && client.misfit(cluster, version);
  if (version && misfit === null) return name;
  throw new ArtefactError(misfit || `there is no ${name} on this computer`, {
    remedy: `hardway ${name} fetch brings the one for Kubernetes ${cluster.kubernetes.version}.`,
  });
}
