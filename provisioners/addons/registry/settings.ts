import type { Cluster, Node } from '../../../src/cluster/model.ts';
import { HardwayError } from '../../../src/errors.ts';
import { settingsOf, workers } from '../parts.ts';

export interface RegistrySettings {
  /** The machine that keeps the images, and at whose address they are. */
  readonly node: string;
  /** On that machine. */
  readonly port: number;
}

export const registrySettings = (cluster: Cluster): RegistrySettings =>
  settingsOf(cluster, 'registry', { node: workers(cluster)[0] ?? '', port: 30_500 });

/** `<address>:<port>`, with which names of its images begin. */
export const registryHost = (cluster: Cluster): string =>
  `${registryNode(cluster).address}:${registrySettings(cluster).port}`;

export function registryNode(cluster: Cluster): Node {
  const { node } = registrySettings(cluster);
  const found = cluster.nodes.find((one) => one.name === node);
  if (found === undefined)
    throw new HardwayError('INTERNAL', `the registry is to be on ${node}, which is no node`);
  return found;
}
