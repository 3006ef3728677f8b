import type { Cluster } from '../src/cluster/model.ts';
import { sh } from '../src/connection/quote.ts';
import type { Condition } from '../src/engine/phase.ts';
import type { Resource } from '../src/engine/resource.ts';
import { directory, file } from '../src/resources/file.ts';
import { reading } from '../src/resources/reading.ts';
import { service } from '../src/resources/service.ts';
import { lastWords } from './diagnosis.ts';
import { apiName, BALANCER, hasBalancer } from './endpoint.ts';
import { distributionProgram } from './resources/distribution-program.ts';
import { byRole, namesOf, type Scope } from './scope.ts';
import { template } from './template.ts';

export const BALANCER_FOLDER = '/etc/hardway/balancer';

/** haproxy on this machine, with every master behind it; it asks each every two seconds whether it is ready. */
export function balancer({ cluster, pki }: Scope): Resource[] {
  const { port } = cluster.controlPlane;
  const masters = byRole(cluster, 'master').map(({ name, address }) => `${name} ${address}:${port}`);
  const files = [
    file(
      `${BALANCER_FOLDER}/haproxy.cfg`,
      template('endpoint/haproxy.cfg', { port, masters, name: apiName(cluster) }),
    ),
    file(`${BALANCER_FOLDER}/ca.crt`, pki.authority('ca').trustPem),
  ];
  const { record, resource } = reading(BALANCER, files);
  const unit = template('endpoint/hardway-balancer.service', { recordReading: record });
  return [
    distributionProgram('haproxy', 'Finds a master that works, without asking another machine.'),
    directory(BALANCER_FOLDER),
    ...files,
    ...service(BALANCER, unit, { follows: [], interrupts: 'calls of the API are made anew' }),
    resource,
  ];
}

/** It listens; on a machine that has joined already, a master also answers through it. */
export const balancerAnswers = (cluster: Cluster): Condition => ({
  name: 'apiServer',
  description: 'the balancer to answer',
  on: namesOf(cluster.nodes.filter((node) => hasBalancer(cluster, node))),
  ofPresent: true,
  script:
    () => sh`timeout 2 bash -c 'exec 3<>/dev/tcp/127.0.0.1/$0' ${String(cluster.controlPlane.port)} 2>/dev/null ||
  { echo ${BALANCER}" is $(systemctl is-active ${BALANCER})"; exit 1; }
[ -e /etc/kubernetes/kubelet.conf ] || exit 0
said=$(printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' | timeout 5 openssl s_client -quiet -verify_return_error -CAfile ${`${BALANCER_FOLDER}/ca.crt`} -verify_ip 127.0.0.1 -connect ${`127.0.0.1:${cluster.controlPlane.port}`} 2>/dev/null | head -n 1)
case $said in *' 200 '*) exit 0;; esac
echo "no master answers through it"
exit 1`,
  evidence: () => lastWords(BALANCER),
  limit: cluster.timeouts['apiServer'] ?? 120,
});
