import type { Cluster, Node } from '../../src/cluster/model.ts';
import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import type { Gather } from '../../src/engine/resource.ts';
import { newKeySync, privateKeyPem, publicHalf } from '../../src/pki/keys.ts';
import { kubeconfig } from '../kubeconfig.ts';
import type { ClusterPki } from '../pki.ts';
import { apiServer } from '../scope.ts';

/**
 * Applies as system:masters, the group that needs no permission: the only way to give the first permission.
 * The credential is made for this one script, lives an hour and is on the machine (in memory) while it runs.
 */
export const applyAsMaster = (cluster: Cluster, master: Node, pki: ClusterPki): Gather => ({
  name: 'apply-as-master',
  script: (items) => sh`umask 077
mkdir -p /run/hardway
glass=$(mktemp /run/hardway/break-glass.XXXXXX)
trap 'rm -f "$glass"' EXIT
cat > "$glass" <<'HARDWAY'
${verbatim(breakGlass(cluster, master, pki) as Script)}
HARDWAY
/usr/local/bin/kubectl --kubeconfig="$glass" --cache-dir=/run/hardway/kubectl apply --server-side --validate=false --force-conflicts --field-manager=hardway -f - <<'HARDWAY'
{"apiVersion": "v1", "kind": "List", "items": [${verbatim(items.join(',') as Script)}]}
HARDWAY`,
});

function breakGlass(cluster: Cluster, master: Node, pki: ClusterPki): string {
  const key = newKeySync();
  const ca = pki.authority('ca');
  const { certificatePem } = ca.issue({
    publicKey: publicHalf(key),
    commonName: 'hardway-break-glass',
    organizations: ['system:masters'],
    usages: ['client'],
    days: 1 / 24,
  });
  const server = apiServer(cluster, master);
  return kubeconfig(cluster.name, server, ca.trustPem, 'break-glass', {
    certificate: certificatePem,
    key: privateKeyPem(key),
  });
}
