import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { ALONE, answersWithin } from '../etcdctl.ts';
import { copied, kept } from '../etcd-kept.ts';
import { pathOf } from '../resources/static-pod.ts';
import { PATIENCE, processOf, VARIABLE } from '../resources/started-with.ts';
import { PHASES } from './components.ts';

const MANIFEST = pathOf('etcd');
const IMAGE = '/run/hardway/etcd-image';
const LOG = '/var/log/hardway/etcd-alone.log';
/** Seconds in which it answers; twice as many, and it ends even when nobody is left to end it. */
const START = 60;

/**
 * The control plane of this machine ends, by our hand: a kubelet whose own API does not answer ends no pods, and before
 * one that hangs it waits for two minutes. What kubeadm made of our settings says so; everybody else's is left alone.
 */
const ended = sh`systemctl stop kubelet
for signal in TERM KILL; do
  tries=0
  while [ $tries -lt 40 ]; do
    running=
    for pid in $(pgrep -f ${processOf(`(${Object.keys(PHASES).join('|')})`)}); do
      if grep -qz ${`^${VARIABLE}=`} "/proc/$pid/environ" 2>/dev/null; then running="$running $pid"; fi
    done
    [ -n "$running" ] || break 2
    [ $tries -gt 0 ] || kill -s $signal $running || true
    tries=$((tries + 1))
    sleep 0.25
  done
done
[ -z "$running" ] || { echo "the control plane does not end:$running"; exit 1; }`;

/**
 * Ends the control plane of this machine, which cannot be without its database, and takes that out of its way. Joining
 * makes both again.
 */
export const setAside: Script = sh`set -e
trap 'systemctl start kubelet' EXIT
${verbatim(ended)}
rm -f ${Object.keys(PHASES).map(pathOf)}
${verbatim(kept)}`;

/** The member drops all others in one start beside the kubelet, by the pod's own image and flags. */
export const alone: Script = sh`set -e
lone=
over() {
  if [ -n "$lone" ]; then kill $lone 2>/dev/null || true; wait $lone || true; tail -n 3 ${LOG} >&2; fi
  ctr --namespace k8s.io images unmount --rm ${IMAGE} >/dev/null 2>&1 || true
  systemctl start kubelet
}
trap over EXIT
trap 'exit 143' TERM HUP INT
${verbatim(ended)}
${verbatim(copied)}
mkdir -p ${IMAGE} /var/log/hardway
ctr --namespace k8s.io images mount "$(sed -n 's/^ *image: //p' ${MANIFEST})" ${IMAGE} >/dev/null
flags=$(sed -n 's/^ *- \\(--[a-z-]*=.*\\)$/\\1/p' ${MANIFEST})
date +%s >${ALONE}
timeout ${2 * START} ${`${IMAGE}/usr/local/bin/etcd`} $flags --force-new-cluster >${LOG} 2>&1 &
lone=$!
${verbatim(answersWithin(START, sh`kill -0 $lone`))}
kill $lone
wait $lone || true
lone=
systemctl start kubelet
${verbatim(answersWithin(PATIENCE))}`;
