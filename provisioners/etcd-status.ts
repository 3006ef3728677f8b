import type { DatabaseStatus, Member } from '../src/cli/hand.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import type { Connection } from '../src/connection/connection.ts';
import { sh } from '../src/connection/quote.ts';
import { etcdctl } from './etcdctl.ts';
import { byRole } from './scope.ts';

type Machines = ReadonlyMap<string, Connection>;

/** Asked of each member by itself, so that it is also known who is down; 64-bit numbers are quoted for JavaScript. */
const question = sh`ask() { # <what> <arguments>
  what=$1; shift
  said=$(${etcdctl} --command-timeout=5s "$@" -w json 2>/dev/null | tr -d '\\n' | sed -E 's/:([0-9]{16,})/:"\\1"/g')
  echo "$what|$said"
}
echo "unit|$(systemctl is-active etcd)"
ask status endpoint status &
ask health endpoint health &
ask members member list --consistency=s &
ask alarms alarm list &
wait`;

type Numeric = number | string;

interface Said {
  readonly unit: string;
  readonly status: { readonly Status?: EtcdStatus } | undefined;
  readonly healthy: boolean;
  readonly members: readonly {
    readonly ID: Numeric;
    readonly name?: string;
    readonly peerURLs?: readonly string[];
  }[];
  readonly alarms: readonly { readonly memberID?: Numeric; readonly alarm?: Numeric }[];
}

interface EtcdStatus {
  readonly header: { readonly member_id: Numeric; readonly revision?: Numeric };
  readonly version?: string;
  readonly dbSize?: Numeric;
  readonly dbSizeInUse?: Numeric;
  readonly leader?: Numeric;
  readonly raftTerm?: Numeric;
  readonly isLearner?: boolean;
}

/** etcd's numbers for them. */
const ALARMS: Readonly<Record<string, string>> = { '1': 'NOSPACE', '2': 'CORRUPT' };

/** Every member of cluster.json, by what it says of itself. */
export async function etcdStatus(cluster: Cluster, machines: Machines): Promise<DatabaseStatus> {
  const nodes = byRole(cluster, 'etcd');
  const said = new Map(
    await Promise.all(
      nodes.map(async ({ name }): Promise<[string, Said | null]> => {
        const connection = machines.get(name);
        const result = await connection?.run(question, { limit: 30 });
        return [name, result === undefined || result.outcome === 'lost' ? null : parsed(result.stdout)];
      }),
    ),
  );
  const answers = [...said.values()].filter((one) => one !== null);
  const alarms = answers.flatMap((one) => one.alarms);
  const members = nodes.map((node) => member(node, said.get(node.name) ?? null, alarms));
  return { members, problems: [...problems(members), ...strangers(nodes, answers)] };
}

function parsed(output: string): Said {
  const parts = new Map(
    output.split('\n').map((line): [string, string] => {
      const at = line.indexOf('|');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const data = (name: string): unknown => {
    const text = parts.get(name) ?? '';
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  };
  const [status] = (data('status') ?? []) as Said['status'][];
  const [health] = (data('health') ?? []) as { health?: boolean }[];
  const { members = [] } = (data('members') ?? {}) as Partial<Said>;
  const { alarms = [] } = (data('alarms') ?? {}) as Partial<Said>;
  return { unit: parts.get('unit') ?? '', status, healthy: health?.health === true, members, alarms };
}

function member({ name, address }: Node, said: Said | null, alarms: Said['alarms']): Member {
  const unknown = {
    role: null,
    size: null,
    inUse: null,
    revision: null,
    term: null,
    version: null,
    alarms: [],
  };
  if (said === null) return { name, address, state: 'not there', ...unknown };
  const status = said.status?.Status;
  if (status === undefined) return { name, address, state: 'down', ...unknown };
  const { member_id: id, revision } = status.header;
  return {
    ...{ name, address, state: said.healthy ? 'healthy' : 'unhealthy' },
    role: status.isLearner === true ? 'learner' : status.leader === id ? 'leader' : 'follower',
    ...{ size: Number(status.dbSize ?? 0), inUse: Number(status.dbSizeInUse ?? 0) },
    ...{
      revision: Number(revision ?? 0),
      term: Number(status.raftTerm ?? 0),
      version: status.version ?? null,
    },
    alarms: [
      ...new Set(
        alarms
          .filter(({ memberID }) => memberID === id)
          .map(({ alarm }) => ALARMS[String(alarm)] ?? String(alarm)),
      ),
    ],
  };
}

const WHY: Readonly<Record<Exclude<Member['state'], 'healthy'>, string>> = {
  'not there': 'its machine does not answer',
  down: 'its etcd does not answer; see: hardway logs <machine> etcd',
  unhealthy: 'it answers, but has no quorum',
};

const problems = (members: readonly Member[]): string[] => [
  ...members.flatMap(({ name, state }) =>
    state === 'healthy' ? [] : [`${name} is ${state}: ${WHY[state].replace('<machine>', name)}`],
  ),
  ...members.flatMap(({ name, alarms }) => alarms.map((alarm) => `${name} has the alarm ${alarm}`)),
];

/** Members that cluster.json does not know count for the quorum all the same. */
function strangers(nodes: readonly Node[], answers: readonly Said[]): string[] {
  const known = new Set(nodes.map(({ name }) => name));
  const names = answers.flatMap(({ members }) =>
    members.map(({ name = '', peerURLs = [] }) => name || peerURLs[0]),
  );
  return [...new Set(names)]
    .filter((name) => name !== undefined && !known.has(name))
    .map((name) => `the database has a member ${name}, which cluster.json does not name`);
}
