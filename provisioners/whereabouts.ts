import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import { processOf } from './resources/started-with.ts';
import { pathOf, podLog } from './resources/static-pod.ts';

/**
 * Programs of the control plane run as units or as pods, with kubeadm also kube-proxy. On a machine itself it is seen
 * which; so whoever looks for them need not know, also while the one takes the place of the other.
 */
const eitherWay = (name: string, pod: Script, unit: Script): Script =>
  sh`if ${verbatim(inPod(name))}; then
${verbatim(pod)}
else
${verbatim(unit)}
fi`;

/** kubeadm's kube-proxy is a DaemonSet's, so that no file of its own tells. */
const inPod = (name: string): Script =>
  name === 'kube-proxy' ? sh`[ ! -e /etc/systemd/system/kube-proxy.service ]` : sh`[ -e ${pathOf(name)} ]`;

/** Prints "active", or in what other state the program is. */
export const stateOf = (name: string): Script =>
  eitherWay(
    name,
    sh`pgrep -f ${processOf(name)} >/dev/null && echo active || echo 'not running'`,
    sh`systemctl is-active ${name}`,
  );

/** Prints the number of its process; nothing, or 0, when there is none. */
export const pidOf = (name: string): Script =>
  eitherWay(
    name,
    sh`pgrep -o -f ${processOf(name)}`,
    sh`systemctl show --property=MainPID --value ${`${name}.service`}`,
  );

/** Prints the path of the program; of one in a pod, that which runs. */
export const programOf = (name: string): Script =>
  eitherWay(
    name,
    sh`echo "/proc/$(pgrep -o -f ${processOf(name)})/exe"`,
    sh`echo ${`/usr/local/bin/${name}`}`,
  );

/** Prints the last lines that it wrote. */
export const logOf = (name: string, lines: number): Script =>
  eitherWay(
    name,
    podLog(name, lines),
    sh`journalctl ${`_SYSTEMD_UNIT=${name}.service`} --lines=${lines} --output=cat --no-pager`,
  );
