import type { Resource } from '../src/engine/resource.ts';
import { directory, file, type FileResource } from '../src/resources/file.ts';
import { service } from '../src/resources/service.ts';
import { apiByName } from './endpoint.ts';
import { NO_RESOLVER } from './facts.ts';
import { hostName } from './host-name.ts';
import { kubeconfig } from './kubeconfig.ts';
import { kubeletOf, registrationConfiguration } from './kubelet-configuration.ts';
import { programLine, programs } from './program.ts';
import { MANIFESTS } from './resources/static-pod.ts';
import { isNode, type Scope } from './scope.ts';
import { template } from './template.ts';
import { yaml } from './yaml.ts';

const PKI = '/etc/kubernetes/pki';
/** With the join token in it: only until the kubelet has a certificate of its own. */
export const BOOTSTRAP = '/etc/kubernetes/bootstrap-kubelet.conf';
/** Settings beside config.yaml. */
const SETTINGS = '/etc/kubernetes/kubelet.d';

export const authority = ({ pki }: Scope): FileResource =>
  file(`${PKI}/ca.crt`, pki.authority('ca').trustPem);

/** The kubelet of a machine; one that is no node runs the pods of its own files and knows no API. */
export function kubeletService(scope: Scope): Resource[] {
  const { cluster, node, facts, artefacts, joining } = scope;
  const ca = authority(scope);
  const registers = isNode(cluster, node);
  const config = file('/var/lib/kubelet/config.yaml', yaml(kubeletOf(scope)), {
    mode: 0o600,
  });
  const unit = template('kubelet/kubelet.service', {
    program: programLine(artefacts.get('kubelet')),
    address: node.address,
    override: hostName(node) === null && node.name,
    registers,
  });
  return [
    ...programs(artefacts, 'kubelet', ...(node.roles.includes('master') ? [] : ['kubectl'])),
    directory(MANIFESTS, { mode: 0o755 }),
    ...(joining.includes(node.name) ? [bootstrapConf(scope)] : []),
    config,
    directory(SETTINGS),
    // Not followed by the service: it counts only for a Node that is not there yet.
    ...(registers ? [registration(scope)] : []),
    ...(facts.resolvConf === '' ? [noResolver] : []),
    ...service('kubelet', unit, {
      follows: [config, ...(registers ? [ca] : [])],
      interrupts: 'its pods go on',
    }),
  ];
}

const registration = (scope: Scope): Resource =>
  file(`${SETTINGS}/taints.conf`, yaml(registrationConfiguration(scope)), {
    mode: 0o600,
    why: 'No pod may come before the node has its taints: it registers with them.',
  });

/**
 * For a machine that would ask only itself: without a name server the cluster DNS does not start, with the machine's
 * own it would ask itself for ever. This address is kept for documentation (RFC 5737): nobody answers.
 */
export const noResolver = file(NO_RESOLVER, 'nameserver 192.0.2.1\n', {
  why: 'This machine names no name server but itself; pods on it resolve names of the cluster only.',
});

function bootstrapConf({ cluster, token }: Scope): Resource {
  // By its file: the kubelet copies this into its own kubeconfig, and authorities change.
  const text = kubeconfig(cluster.name, apiByName(cluster), { file: `${PKI}/ca.crt` }, 'bootstrap', {
    token,
  });
  return file(BOOTSTRAP, text, {
    secret: true,
    why: 'Removed again as soon as the node has its own certificate.',
  });
}
