import type { HardwayError } from '../../src/errors.ts';
import type { Manifest } from '../resources/manifest.ts';

/** An object of the user's: from the folder addons/ or from a chart. */
export interface OwnObject {
  /** "addons/shop/web.yaml", "chart podinfo". */
  readonly source: string;
  /** "addons/shop/web.yaml:12, document 2": for people. */
  readonly place: string;
  readonly manifest: Manifest;
}

/** Everything of the user's that is to be in the cluster, in the order in which it is applied. */
export interface Own {
  readonly objects: readonly OwnObject[];
  /** What could not be used; the objects of these sources stay in the cluster as they are. */
  readonly refused: readonly Refused[];
}

export interface Refused {
  readonly source: string;
  readonly error: HardwayError;
}

export const nothingOwn: Own = { objects: [], refused: [] };
