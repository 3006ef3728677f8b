import type { Cluster } from '../../src/cluster/model.ts';
import type { Connection, Result } from '../../src/connection/connection.ts';
import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { HardwayError, MachineError } from '../../src/errors.ts';
import { kubectl, type Manifest } from '../resources/manifest.ts';
import { byRole } from '../scope.ts';

/** A namespace of ours in which things are made for a while, as seen from one master. */
export interface Site {
  readonly namespace: string;
  /** The master whose API server is used. */
  readonly master: string;
  readonly connection: Connection;
  readonly signal: AbortSignal;
}

/** On the namespace and everything else that lies outside of it. */
export const MADE_BY = 'hardway.dev/made-by';

/** The first master that is there. Throws HardwayError when there is none. */
export function siteOf(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
  namespace: string,
  signal: AbortSignal,
): Site {
  const master = byRole(cluster, 'master').find(({ name }) => machines.has(name))?.name ?? '';
  const connection = machines.get(master);
  if (connection === undefined)
    throw new HardwayError('NO_MASTER', `no master of ${cluster.name} is there`, {
      remedy: 'hardway status.',
    });
  return { namespace, master, connection, signal };
}

/**
 * Runs a script on the master, to its end even when everything is stopped meanwhile: what it makes must be there when
 * it is taken away. Throws MachineError with its last words when it fails.
 */
export async function ask(site: Site, what: string, script: Script, limit = 30): Promise<string> {
  refuseStopped(site.signal);
  const result = await site.connection.run(script, { limit });
  refuseStopped(site.signal);
  return saidBy(site, what, result);
}

/** As above, for a script that only looks: nobody waits for it any more when everything is stopped. */
export async function watch(site: Site, what: string, script: Script, limit: number): Promise<string> {
  refuseStopped(site.signal);
  const result = await site.connection.run(script, { limit, signal: site.signal });
  refuseStopped(site.signal);
  return saidBy(site, what, result);
}

export function refuseStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new HardwayError('STOPPED', 'stopped; everything it made is gone again');
}

function saidBy({ master }: Site, what: string, result: Result): string {
  if (result.ok) return result.stdout;
  throw new MachineError(master, `${what} failed (${result.outcome}, exit ${result.code})`, {
    evidence: `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-8),
    remedy: 'hardway status says whether the cluster is well.',
  });
}

/** Makes objects, or what they are now out of what they were. */
export const applied = (objects: readonly Manifest[]): Script =>
  sh`${kubectl} apply --server-side --validate=false --force-conflicts --field-manager=hardway --request-timeout=20s -f - <<'HARDWAY' >/dev/null
${verbatim(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) as Script)}
HARDWAY`;

/** The namespace itself: its pods may do as little as Kubernetes' strictest level allows. */
export const namespaceOf = (name: string, purpose: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name,
    labels: { [MADE_BY]: purpose, 'pod-security.kubernetes.io/enforce': 'restricted' },
  },
});

/** Takes the namespace away with all that is in it, and waits until it and its volumes are gone. Others' are refused. */
export async function clear(site: Site): Promise<void> {
  const { namespace } = site;
  const script = sh`name=$(${kubectl} get namespace ${namespace} --ignore-not-found --request-timeout=10s -o jsonpath='{.metadata.name} {.metadata.labels.hardway\\.dev/made-by}') || exit 1
[ -n "$name" ] || exit 0
[ "$name" != ${`${namespace} `} ] || { echo ${`the namespace ${namespace} was made by somebody else and stays`} >&2; exit 1; }
${kubectl} delete namespace ${namespace} --ignore-not-found --timeout=80s >/dev/null || exit 1
end=$(( $(date +%s) + 30 ))
while ${kubectl} get persistentvolumes --request-timeout=10s -o jsonpath='{range .items[*]}{.spec.claimRef.namespace}{"\\n"}{end}' | grep -qx ${namespace}; do
  [ "$(date +%s)" -lt "$end" ] || { echo 'a volume of it is still there after 30 s' >&2; exit 1; }
  sleep 0.3
done`;
  // Also after everything was stopped: that is what it is for.
  const result = await site.connection.run(script, { limit: 120 });
  saidBy(site, `clearing away ${namespace}`, result);
}
