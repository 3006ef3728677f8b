import type { Cluster } from '../../src/cluster/model.ts';
import type { Condition } from '../../src/engine/phase.ts';
import type { Resource } from '../../src/engine/resource.ts';
import type { Manifest } from '../resources/manifest.ts';
import type { Scope } from '../scope.ts';

/** Something that runs in the cluster because cluster.json names it. */
export interface Addon {
  /** One sentence for people. */
  readonly describe: string;
  /** Names in the artefact lock of the images that it runs. */
  readonly images: readonly string[];
  /** Everything it makes in the cluster. Pure. */
  objects(scope: AddonScope): Manifest[];
  /** Its objects are compared field by field on this side, with no trial by the server: for one that is nearly always on. */
  readonly everyday?: true;
  /** What must come true once they are applied. */
  health(cluster: Cluster): Condition[];
  /** What every machine needs besides: a registry that containerd is to trust. */
  onMachines?(scope: Scope): Resource[];
}

export type AddonScope = Pick<Scope, 'cluster' | 'artefacts' | 'pki'>;
