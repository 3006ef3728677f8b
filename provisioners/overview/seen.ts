import type { LiveNode } from '../node-status.ts';
import { isResolved } from './dns-question.ts';

/** What one machine said of itself and of what it reaches. */
export interface Seen {
  /** Seconds since it was started. */
  readonly up: number;
  readonly units: ReadonlyMap<string, Unit>;
  /** HTTP status of each service that says whether it is well; 0: it did not answer. */
  readonly health: ReadonlyMap<string, number>;
  /** Its own pods' range: "10.244.1.1/24"; empty: it has none. */
  readonly subnet: string;
  readonly mtu: number;
  /** Without one no pod was ever here. */
  readonly hasBridge: boolean;
  /** By "host:port". */
  readonly paths: ReadonlyMap<string, { readonly code: number; readonly milliseconds: number }>;
  /** To the pod subnets of others, by their route: "10.244.2.0/24". */
  readonly ways: ReadonlyMap<string, Way>;
  readonly member: Member | null;
  readonly hasQuorum: boolean;
  /** The cluster's DNS answers; null: it was not asked. */
  readonly resolves: boolean | null;
  /** Of a master whose API server answers. */
  readonly api: Api | null;
  /** Why a master's API server does not answer. */
  readonly silence: string;
}

export interface Unit {
  readonly state: string;
  readonly version: string;
  /** What it said last, when it does not run. */
  readonly words: string;
}

/** small: a small packet arrives, one that fills the link does not. */
export interface Way {
  readonly carries: 'full' | 'small' | 'none' | 'noping';
  readonly milliseconds: number;
}

export interface Member {
  readonly id: string;
  readonly leader: string;
  readonly bytes: number;
}

export interface Api {
  readonly nodes: ReadonlyMap<string, LiveNode>;
  readonly workloads: readonly Workload[];
  /** Nodes on which the cluster's DNS runs. */
  readonly resolvers: readonly string[];
}

export interface Workload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly wanted: number;
  readonly ready: number;
  /** What made it: "coredns", "web.yaml". */
  readonly from: string;
}

/** Reads what the script printed; null: it did not come to its end. */
export function seen(output: string): Seen | null {
  const lines = output.split('\n');
  if (!lines.includes('looked=through')) return null;
  const all = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  const one = (key: string): string => all(key)[0] ?? '';
  const words = new Map(all('words').map((line) => cut(line)));
  const [subnet = '', mtu = ''] = one('subnet').split(' ');
  return {
    up: Number(one('up')),
    units: new Map(
      all('unit').map((line) => {
        const [name = '', state = '', version = ''] = line.split(' ');
        return [name, { state, version, words: words.get(name) ?? '' }];
      }),
    ),
    health: new Map(all('answers').map((line) => [cut(line)[0], Number(cut(line)[1] ?? 0)])),
    ...{ subnet, mtu: Number(mtu), hasBridge: one('bridge') !== '' },
    paths: new Map(all('path').map(path)),
    ways: new Map(all('way').map(way)),
    member: member(one('member')),
    hasQuorum: one('quorum') === 'yes',
    resolves: all('name').length === 0 ? null : isResolved(one('name')),
    api: one('api') === 'answers' ? api(all) : null,
    silence: one('silence'),
  };
}

function cut(line: string): [string, string] {
  const at = line.indexOf(' ');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

/** "192.168.56.11:6443 200 12"; without an answer the code is missing. */
function path(line: string): [string, { code: number; milliseconds: number }] {
  const [where, rest] = cut(line);
  const [code, milliseconds] = rest.trim().includes(' ') ? rest.trim().split(' ') : ['0', rest];
  return [where, { code: Number(code), milliseconds: Number(milliseconds) }];
}

function way(line: string): [string, Way] {
  const [route = '', carries = '', milliseconds = '0'] = line.split(' ');
  return [route, { carries: carries as Way['carries'], milliseconds: Number(milliseconds) }];
}

/** Ids are larger than the numbers of JavaScript: they are taken as text. */
function member(json: string): Member | null {
  const number = (key: string): string => new RegExp(`"${key}":(\\d+)`).exec(json)?.[1] ?? '';
  const id = number('member_id');
  return id === '' ? null : { id, leader: number('leader'), bytes: Number(number('dbSize')) };
}

function api(all: (key: string) => string[]): Api {
  return {
    nodes: new Map(
      all('node').map((line) => {
        const [name = '', ready = '', version = '', internalIP = '', reason = ''] = line.split('|');
        return [name, { ready, version, internalIP, reason }];
      }),
    ),
    workloads: all('workload').map((line) => {
      const [kind = '', namespace = '', name = '', wanted = '', ready = '', from = ''] = line.split('|');
      return { kind, namespace, name, wanted: Number(wanted), ready: Number(ready), from };
    }),
    resolvers: all('resolver'),
  };
}
