import { type Script, sh } from '../../src/connection/quote.ts';
import { kubectl } from '../resources/manifest.ts';
import { type Site, watch } from './site.ts';

export interface Pod {
  readonly name: string;
  /** "asking", "answering". */
  readonly part: string;
  readonly node: string;
  readonly ip: string;
  readonly isRunning: boolean;
  /** Why it does not run, as far as the kubelet says. */
  readonly reason: string;
}

const COLUMNS =
  '{range .items[*]}{.metadata.name}|{.metadata.labels.probe}|{.spec.nodeName}|{.status.podIP}|{.status.phase}|{.status.containerStatuses[*].state.waiting.reason}: {.status.containerStatuses[*].state.waiting.message}{.status.conditions[?(@.status=="False")].message}{"\\n"}{end}';

/** Waits until as many pods run as are expected; returns all there are, when the time is up too. */
export async function pods(site: Site, expected: number, limit: number): Promise<Pod[]> {
  return (await watch(site, 'waiting for pods', waiting(site.namespace, expected, limit), limit + 15))
    .split('\n')
    .filter((line) => line.includes('|'))
    .map(pod);
}

const waiting = (namespace: string, expected: number, limit: number): Script => sh`limit=${limit}
end=$(( $(date +%s) + limit ))
while :; do
  seen=$(${kubectl} get pods --namespace ${namespace} --request-timeout=5s -o jsonpath=${COLUMNS})
  [ "$(echo "$seen" | grep -cE '\\|[0-9a-f.:]+\\|Running\\|')" -ge ${expected} ] && break
  [ "$(date +%s)" -ge "$end" ] && break
  sleep 0.2
done
echo "$seen"`;

function pod(line: string): Pod {
  const [name = '', part = '', node = '', ip = '', phase = '', ...reason] = line.split('|');
  return { name, part, node, ip, isRunning: phase === 'Running' && ip !== '', reason: reason.join('|') };
}
