import { sh } from '../../src/connection/quote.ts';
import { type Resource, unknown } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { apiName } from '../endpoint.ts';
import type { Scope } from '../scope.ts';

const CLIENT = '/var/lib/kubelet/pki/kubelet-client-current.pem';

/**
 * A kubelet registers once, when it starts: after somebody has deleted its Node it would stay away for ever. Asked
 * with the kubelet's own credential; one that has none has not joined yet.
 */
export function registered({ cluster, node }: Scope): Resource {
  const name = apiName(cluster);
  return {
    id: `registration:${node.name}`,
    desired: { missing: false },
    question: command(
      sh`[ -e ${CLIENT} ] || { echo new; exit 0; }
printf 'GET /api/v1/nodes/%s HTTP/1.0\\r\\n\\r\\n' ${node.name} |
  timeout 5 openssl s_client -quiet -verify_return_error -CAfile /etc/kubernetes/pki/ca.crt -verify_hostname ${name} -cert ${CLIENT} -key ${CLIENT} -connect ${`${name}:${cluster.controlPlane.port}`} 2>/dev/null | head -n 1`,
      (answer) => (answer === '' ? unknown : { missing: / 404 /.test(answer) }),
    ),
    steps: () => [{ run: sh`systemctl restart kubelet` }],
    why: 'Its Node was deleted from the API; the kubelet registers again when it starts.',
  };
}
