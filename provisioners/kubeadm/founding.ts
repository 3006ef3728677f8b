import { secondsIn } from '../../src/cluster/duration.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import { type Resource, unknown } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { kubectl } from '../resources/manifest.ts';
import type { Scope } from '../scope.ts';
import { mark } from './component.ts';
import { components } from './components.ts';
import { clusterConfiguration, documents, initConfiguration } from './configuration.ts';
import { markKubelet } from './kubelet.ts';
import { kubeletDigest, sharedKubeletSettings } from './kubelet-settings.ts';
import { kubeadm, LIMIT } from './run.ts';

/** Says on a master that the cluster was made, for times when its API cannot. */
const FOUNDED = '/var/lib/hardway/founded-by-kubeadm';

/** What `kubeadm init` leaves in the API, and the kubelet's kubeconfig when its certificate rotates by itself. */
const effects = sh`${kubectl} get --request-timeout=5s --ignore-not-found -o name --namespace kube-system configmap/kubeadm-config configmap/kubelet-config &&
${kubectl} get --request-timeout=5s --ignore-not-found -o name --namespace kube-public configmap/cluster-info &&
{ grep -s -o -m 1 kubelet-client-current.pem /etc/kubernetes/kubelet.conf || true; } && echo answered`;

const EFFECTS = 4;

/**
 * The cluster itself, made on one master. Whether it is there is read from what the API holds; while no API answers,
 * from what was noted when it did. Every step of kubeadm keeps what it finds, so one that was cut off is taken up again.
 */
export const founded = (scope: Scope): Resource => ({
  id: 'kubeadm:init',
  desired: { complete: true },
  question: command(
    sh`[ -e /etc/kubernetes/manifests/kube-apiserver.yaml ] && [ -e /etc/kubernetes/admin.conf ] || { echo none; exit 0; }
found=$({ ${verbatim(effects)}
} 2>/dev/null)
echo "$found"
[ -e ${FOUNDED} ] && echo noted; true`,
    (output) => {
      const lines = output.split('\n');
      if (lines[0] === 'none') return null;
      if (lines.includes('answered'))
        return { complete: lines.filter((line) => line !== 'noted').length > EFFECTS };
      return lines.includes('noted') ? { complete: true } : unknown;
    },
  ),
  steps: () => [
    {
      run: kubeadm(['init', '--skip-token-print', '--skip-certificate-key-print'], configuration(scope)),
      limit: LIMIT,
    },
    // Ours, so that it goes when nobody joins any more.
    {
      run: sh`${kubectl} label secret --namespace kube-system --overwrite ${`bootstrap-token-${scope.token.split('.')[0]}`} app.kubernetes.io/managed-by=hardway >/dev/null`,
    },
    ...components(scope.cluster).map((name) => ({ run: mark(name) })),
    { run: markKubelet(kubeletDigest(scope)) },
    {
      run: sh`rm -f /etc/kubernetes/super-admin.conf
touch ${FOUNDED}`,
    },
  ],
  why: 'kubeadm init: static pods of the control plane, settings in the API, the rights of joining machines.',
});

const configuration = (scope: Scope): string =>
  documents(
    initConfiguration(scope, { token: scope.token, seconds: secondsIn(scope.cluster.token.ttl) }),
    clusterConfiguration(scope),
    sharedKubeletSettings(scope.cluster),
  );
