import type { Cluster, Node } from '../../src/cluster/model.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import type { FileResource } from '../../src/resources/file.ts';
import { service } from '../../src/resources/service.ts';
import { apiByName } from '../endpoint.ts';
import { programLine } from '../program.ts';
import { apiServer, type Scope } from '../scope.ts';
import { template } from '../template.ts';
import { kubeletDigest } from './kubelet-settings.ts';
import { LOG, PATCHES } from './names.ts';

const CONFIG = '/var/lib/kubelet/config.yaml';

/** The unit that kubeadm starts once it has written the configuration; and its service, for a machine that has joined. */
export const kubeletUnit = ({ artefacts }: Scope): [FileResource, Resource] =>
  service(
    'kubelet',
    template('kubelet/kubeadm.service', { program: programLine(artefacts.get('kubelet')) }),
    {
      follows: [],
      interrupts: 'its pods go on',
    },
  );

/** Notes at the end of the file from which settings kubeadm wrote it, and what it wrote. The kubelet takes no notice. */
export const markKubelet = (digest: string) => sh`sed '/^# Made from /d' ${CONFIG} >${CONFIG}.hardway
echo "# Made from" ${digest} "as $(sha256sum <${CONFIG}.hardway)" >>${CONFIG}.hardway
chmod 600 ${CONFIG}.hardway
mv -f ${CONFIG}.hardway ${CONFIG}`;

export const KUBELET_CONF = '/etc/kubernetes/kubelet.conf';

/** Another API server for a kubeconfig, which stays as it is otherwise. */
export const leadTo = (conf: string, server: string) =>
  sh`sed -i ${`s|^\\( *server:\\).*|\\1 ${server}|`} ${conf}`;

/** kubeadm leaves the address of the master that let the machine in; that one may go. */
export const asksByName = (cluster: Cluster) => kubeletAsks(apiByName(cluster));

export const kubeletAsks = (server: string) => sh`${verbatim(leadTo(KUBELET_CONF, server))}
systemctl restart kubelet`;

/** Where the kubelet of a machine that has joined finds the API: a minion's by name, a master's in its own server. */
export const kubeletConf = ({ cluster, node }: Scope): Resource => ({
  id: `kubelet:${KUBELET_CONF}`,
  desired: { server: placeOfApi(cluster, node) },
  question: command(sh`sed -n 's/^ *server: *//p' ${KUBELET_CONF} 2>/dev/null; true`, (output) =>
    output === '' ? null : { server: output.trim() },
  ),
  steps: () => [{ run: kubeletAsks(placeOfApi(cluster, node)) }],
  disturbs: () => ['restarts kubelet.service: its pods go on'],
  why: 'A minion finds a master that works by the API’s name; a master asks its own API server.',
});

const placeOfApi = (cluster: Cluster, node: Node): string =>
  node.roles.includes('master') ? apiServer(cluster, node) : apiByName(cluster);

/** What the kubelet of a machine that has joined is told: the cluster's settings with the machine's own patches. */
export function kubeletSettings(scope: Scope): Resource {
  const digest = kubeletDigest(scope);
  return {
    id: `kubelet:${CONFIG}`,
    desired: { 'made from': digest, 'as kubeadm wrote it': true },
    question: command(
      sh`[ -e ${CONFIG} ] || exit 0
tail -n 1 ${CONFIG}
sed '$d' ${CONFIG} | sha256sum`,
      (output) => {
        if (output === '') return null;
        const [last = '', sum = ''] = output.split('\n');
        const [, made = '', noted = ''] = /^# Made from (\S+) as (.*)$/.exec(last) ?? [];
        return { 'made from': made, 'as kubeadm wrote it': noted === sum };
      },
    ),
    steps: () => [
      {
        run: sh`/usr/local/bin/kubeadm upgrade node phase kubelet-config ${`--patches=${PATCHES}`} ${`--kubeconfig=${KUBELET_CONF}`} >>${LOG} 2>&1 || { tail -n 15 ${LOG}; exit 1; }`,
      },
      { run: sh`systemctl restart kubelet` },
      // Only then: cut off in between, the next run restarts it once more.
      { run: markKubelet(digest) },
    ],
    disturbs: () => ['restarts kubelet.service: its pods go on'],
    why: 'Written by kubeadm from the ConfigMap kubelet-config and the patches on this machine.',
  };
}
