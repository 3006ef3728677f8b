import { sh, type Script, verbatim } from '../../src/connection/quote.ts';
import type { Batch, Resource } from '../../src/engine/resource.ts';
import { MANIFESTS } from '../resources/static-pod.ts';
import { awaited, PATIENCE, processOf, VARIABLE } from '../resources/started-with.ts';
import type { Scope } from '../scope.ts';
import { type Component, digestOf, PHASES } from './components.ts';
import { clusterConfiguration, documents, initConfiguration } from './configuration.ts';
import { kubeadm, LIMIT } from './run.ts';

/** What the programs were started with, and whether the files of their pods are as kubeadm wrote them. */
const running: Batch = {
  name: 'kubeadm-component',
  script: (asks) => sh`for name in ${asks}; do
  file=${MANIFESTS}/$name.yaml
  [ -e "$file" ] || continue
  marked=no; [ "$(sed '$d' "$file" | sha256sum)" = "$(sed -n '$s/^# As kubeadm wrote it: //p' "$file")" ] && marked=yes
  started=$(for pid in $(pgrep -f "${verbatim(processOf('$name') as Script)}"); do
    tr '\\0' '\\n' <"/proc/$pid/environ" 2>/dev/null | sed -n ${`s/^${VARIABLE}=//p`}
  done)
  echo "$name|$marked|$started"
done`,
  answers: (output, asks) => {
    const found = new Map(output.split('\n').map((line) => [line.slice(0, line.indexOf('|')), line]));
    return asks.map((ask) => found.get(ask) ?? null);
  },
};

/** Says at its end what a file is, so that another hand is seen. The kubelet takes no notice. */
export const mark = (name: Component) => sh`file=${MANIFESTS}/${name}.yaml
sed '/^# As kubeadm wrote it: /d' "$file" >${MANIFESTS}/.hardway
echo "# As kubeadm wrote it: $(sha256sum <${MANIFESTS}/.hardway)" >>${MANIFESTS}/.hardway
chmod 600 ${MANIFESTS}/.hardway
mv -f ${MANIFESTS}/.hardway "$file"`;

/** A static pod of kubeadm's, made from today's settings; only for a machine whose control plane stands. */
export function component(scope: Scope, name: Component): Resource {
  const digest = digestOf(scope, name);
  const configuration = documents(initConfiguration(scope), clusterConfiguration(scope));
  return {
    id: `pod:${name}`,
    desired: { 'as kubeadm wrote it': true, 'started with': digest },
    question: {
      batch: running,
      ask: name,
      parse: (answer) => {
        if (answer === null) return null;
        const [, marked, started = ''] = answer.split('|');
        return { 'as kubeadm wrote it': marked === 'yes', 'started with': started };
      },
    },
    steps: () => [
      { run: kubeadm(['init', 'phase', ...PHASES[name].split(' ')], configuration), limit: LIMIT },
      { run: mark(name) },
      { run: awaited(started(name, digest), `start ${name}`), limit: PATIENCE },
    ],
    disturbs: (now) =>
      now === null || now['started with'] === digest ? [] : [`restarts the pod ${name}: ${felt[name]}`],
    why: 'Written by kubeadm from the settings of this component; another setting of another one leaves it alone.',
  };
}

const felt: Readonly<Record<Component, string>> = {
  'kube-apiserver': 'its API does not answer for some seconds',
  'kube-controller-manager': 'nothing that runs is touched',
  'kube-scheduler': 'new pods wait for some seconds',
  etcd: 'the API waits for it some seconds',
};

const started = (name: Component, digest: string): Script =>
  sh`for pid in $(pgrep -f ${processOf(name)}); do tr '\\0' '\\n' <"/proc/$pid/environ"; done 2>/dev/null | grep -qx ${`${VARIABLE}=${digest}`}`;
