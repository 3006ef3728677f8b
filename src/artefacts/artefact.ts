/** What the lock file says, and what the cache holds. */

/** One entry of boxes/artefacts.json. */
export interface LockedArtefact {
  /** "kubelet", "etcdctl", "image:coredns" … */
  readonly name: string;
  /** Without a leading v. */
  readonly version: string;
  /**
   * 'binary' goes to /usr/local/bin (or /opt/cni/bin), 'image' is a docker-archive for containerd, 'tool' stays on the
   * operator's machine.
   */
  readonly kind: 'binary' | 'cni' | 'image' | 'tool';
}

/** A verified file in the user's cache. */
export interface Artefact extends LockedArtefact {
  /** Absolute path on the operator's machine. */
  readonly file: string;
  /** Lower-case hex of the file. */
  readonly sha256: string;
  readonly size: number;
  /** Where it came from: "releases" or "modules". */
  readonly source: 'releases' | 'modules';
  /** Full reference for images: registry.k8s.io/pause:3.10.2 */
  readonly reference?: string;
}

/** All artefacts of one run, by name. */
export interface Artefacts {
  get(name: string): Artefact;
  all(): readonly Artefact[];
}
