import type { Cluster } from '../../src/cluster/model.ts';
import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { kubectl } from '../resources/manifest.ts';
import { NAMESPACE } from './objects.ts';
import type { Pod } from './pods.ts';

/** One answer of boxes/modules/probe/ask.go. */
export interface Answer {
  /** small, full: a packet; name; page. */
  readonly kind: 'small' | 'full' | 'name' | 'page';
  readonly to: string;
  readonly bytes?: number;
  readonly said?: string;
  readonly milliseconds?: number;
  readonly error?: string;
}

/** What one node's pod and the node itself found out. */
export interface Asked {
  /** null: the pod did not say. */
  readonly answers: readonly Answer[] | null;
  /** The machine's own resolver knows the name outside; null: it was not asked. */
  readonly machineKnows: boolean;
  /** What the neighbour's NodePort answered; empty: nothing. */
  readonly door: string;
}

/** A name outside of the cluster. */
export const OUTSIDE = 'kubernetes.io';
export const insideName = ({ network }: Cluster): string => `kubernetes.default.svc.${network.dns.domain}.`;

export interface Errand {
  readonly asking: Pod;
  readonly answering: readonly Pod[];
  readonly names: readonly string[];
  /** host:port of a Service. */
  readonly page: string;
  /** host:port on another node. */
  readonly door: string;
}

/** Run on the node of the asking pod: to reach it from there takes neither the API nor a way between nodes. */
export function errand({ asking, answering, names, page, door }: Errand): Script {
  const query = `/ask?datagram=${answering.map(({ ip }) => ip).join(',')}&name=${names.join(',')}&page=${page}`;
  return sh`(timeout 5 getent ahostsv4 ${OUTSIDE} >/dev/null 2>&1 && echo outside=known) &
(for try in 1 2 3 4 5 6 7 8; do
  said=$(${verbatim(get(door, '/', 1))})
  [ -n "$said" ] && break
  sleep 0.3
done
echo "door=$said") &
(echo "answers=$(${verbatim(get(`${asking.ip}:8080`, query, 20))})") &
wait`;
}

/** The last line of a page. */
export function get(address: string, path: string, limit: number): Script {
  const at = address.lastIndexOf(':');
  const request = `GET ${path} HTTP/1.0\\r\\n\\r\\n`;
  return sh`timeout ${String(limit)} bash -c 'exec 3<>/dev/tcp/$0/$1; printf "%b" "$2" >&3; cat <&3' ${address.slice(0, at)} ${address.slice(at + 1)} ${request} 2>/dev/null | tail -n 1`;
}

export function asked(output: string): Asked {
  const lines = output.split('\n');
  const one = (key: string): string =>
    lines.find((line) => line.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
  const answers = one('answers');
  return {
    answers: answers.startsWith('[') ? (JSON.parse(answers) as Answer[]) : null,
    machineKnows: one('outside') === 'known',
    door: one('door'),
  };
}

/** Whether logs and a command in a pod come through the API server, for each answering pod at once. */
export const throughApi = (answering: readonly Pod[]): Script => sh`${verbatim(
  ...answering.flatMap(({ name, node }) => [
    through('logs', node, sh`logs ${name} --tail=1`),
    through('exec', node, sh`exec ${name} -- /probe say ${node}`),
  ]),
)}
wait`;

const through = (what: string, node: string, words: Script): Script =>
  sh`(began=$(date +%s%N); said=$(timeout 8 ${kubectl} --namespace ${NAMESPACE} ${verbatim(words)} 2>&1); code=$?; echo ${`${what}=${node}`} "$code $(( ($(date +%s%N) - began) / 1000000 )) $(echo "$said" | tail -n 1 | cut -c1-300)") &`;

export interface Through {
  readonly what: 'logs' | 'exec';
  readonly node: string;
  readonly isOk: boolean;
  readonly milliseconds: number;
  readonly said: string;
}

export const readThrough = (output: string): Through[] =>
  [...output.matchAll(/^(logs|exec)=(\S+) (\d+) (\d+) (.*)$/gm)].map(
    ([, what, node = '', code, milliseconds, said = '']) => ({
      what: what as Through['what'],
      node,
      isOk: code === '0' && said.includes(node),
      milliseconds: Number(milliseconds),
      said: code === '124' ? 'no answer within 8 s' : said,
    }),
  );
