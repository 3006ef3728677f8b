import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCluster } from '../../src/cluster/load.ts';
import type { Cluster } from '../../src/cluster/model.ts';

interface Wanted {
  readonly name: string;
  readonly machineCidr: string;
  readonly nodes?: readonly unknown[];
  readonly box?: 'bare' | 'baked';
}

/** A whole cluster of which only these parts matter. */
export function clusterWith({ name, machineCidr, nodes, box = 'baked' }: Wanted): Cluster {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-cluster-'));
  const file = join(folder, 'cluster.json');
  const few = [{ name: 'master', roles: ['etcd', 'master'] }];
  try {
    writeFileSync(
      file,
      JSON.stringify({ name, network: { machineCidr }, nodes: nodes ?? few, artefacts: { box } }),
    );
    return loadCluster(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
