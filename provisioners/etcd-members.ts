import type { Cluster, Node } from '../src/cluster/model.ts';
import { type Script, sh } from '../src/connection/quote.ts';
import { ALONE, BEGINNING, etcdctl } from './etcdctl.ts';
import { byRole } from './scope.ts';

/** A member as etcd itself tells of it. */
export interface EtcdMember {
  /** Hexadecimal. */
  readonly id: string;
  /** Empty until it has started once. */
  readonly name: string;
  readonly address: string;
  /** Does not vote yet. */
  readonly learner: boolean;
  /** It has said once where clients find it. Who begins a database has its name before it has started. */
  readonly seen: boolean;
}

/** What a machine knows of the database; null: its member does not answer. */
export interface EtcdFacts {
  /** It has a database, or part of one. */
  readonly data: boolean;
  /** It has not been part of a quorum yet. */
  readonly begun: boolean;
  /** When it went on alone, in seconds since 1970; 0: never. */
  readonly alone: number;
  readonly members: readonly EtcdMember[] | null;
}

/** Where the members of the database stand before a pass. */
export interface Membership {
  /** They begin a database together. */
  readonly founding: readonly string[];
  /** They come to one that stands; each with all members that it will find there. */
  readonly joining: readonly Joining[];
  /** They come to it too, when they are there. */
  readonly awaited: readonly string[];
  /** Members that cluster.json does not have any more. */
  readonly leaving: readonly EtcdMember[];
  /** How many there are now. */
  readonly size: number;
  /** Whom etcd is asked through, and told. */
  readonly speaker: string;
}

export interface Joining {
  readonly name: string;
  readonly address: string;
  /** The id of a member without data: it comes back as another one. */
  readonly lost: string | null;
  /** It has a database that the others do not share: it makes room for theirs. */
  readonly stale: boolean;
  /** It has no data. */
  readonly empty: boolean;
  /** `name=https://address:2380`, with comma between them; null while nobody can tell: it starts in the next pass. */
  readonly initialCluster: string | null;
}

/** Of machines that nobody has asked: all is as cluster.json says. */
export const settledMembership = (cluster: Cluster): Membership => ({
  ...{ founding: [], joining: [], awaited: [], leaving: [], size: byRole(cluster, 'etcd').length },
  speaker: byRole(cluster, 'etcd')[0]?.name ?? '',
});

/** Printed by a machine with a database, for `parseEtcdFacts`. kubeadm runs it as a pod, by its bare name. */
export const etcdFactsScript: Script = sh`if [ -d /var/lib/etcd/member ]; then
  echo etcd=data
  [ -e ${BEGINNING} ] && echo etcd=begun
  [ -e ${ALONE} ] && echo "etcd=alone $(cat ${ALONE})"
  { systemctl is-active --quiet etcd || pgrep -f '^etcd ' >/dev/null; } && timeout 3 ${etcdctl} member list --consistency=s 2>/dev/null | sed 's/^/member=/'
fi`;

/** Lines such as `8e9e05c52164694d, started, master, https://10.0.0.11:2380, https://10.0.0.11:2379, false`. */
export function parseEtcdFacts(marks: readonly string[], members: readonly string[]): EtcdFacts {
  return {
    data: marks.includes('data'),
    begun: marks.includes('begun'),
    alone: Number(/^alone (\d+)$/m.exec(marks.join('\n'))?.[1] ?? 0),
    members: members.length === 0 ? null : members.map(parseMember),
  };
}

export function parseMember(line: string): EtcdMember {
  const [id = '', , name = '', peer = '', clients = '', learner = ''] = line.split(', ');
  const address = /^https:\/\/(.*):2380$/.exec(peer)?.[1] ?? peer;
  return { id, name, address, learner: learner === 'true', seen: clients !== '' };
}

export const peerUrl = ({ address }: { readonly address: string }): string => `https://${address}:2380`;

/** Who begins, who joins and who leaves. `machines`: those that are there, leaving ones among them. */
export function membershipOf(
  cluster: Cluster,
  leaving: readonly Node[],
  machines: ReadonlyMap<string, { readonly etcd: EtcdFacts }>,
): Membership {
  const wanted = byRole(cluster, 'etcd');
  const holders = [...wanted, ...leaving].filter(({ name }) => stands(machines.get(name)?.etcd));
  const teller = tellerAmong(holders, machines);
  const speaker = (teller ?? holders[0] ?? wanted.find(({ name }) => machines.has(name)) ?? wanted[0])?.name;
  if (holders.length === 0) {
    const founding = wanted.filter(({ name }) => machines.has(name)).map(({ name }) => name);
    return { ...settledMembership(cluster), founding, speaker: speaker ?? '' };
  }
  const members = machines.get(teller?.name ?? '')?.etcd.members;
  // Without an answer nobody can join or leave: first those that there are must run.
  if (members === null || members === undefined) {
    const waiting = wanted.filter(({ name }) => machines.get(name)?.etcd.data === false);
    const joining = waiting.map(({ name, address }) => ({
      ...{ name, address, lost: null, stale: false, empty: true },
      initialCluster: null,
    }));
    return { founding: [], joining, awaited: [], leaving: [], size: holders.length, speaker: speaker ?? '' };
  }
  return {
    founding: [],
    joining: joiningOf(wanted, members, machines),
    awaited: wanted
      .filter(({ name, address }) => !machines.has(name) && !members.some((one) => one.address === address))
      .map(({ name }) => name),
    leaving: goneFrom(members, wanted, leaving, machines),
    size: members.length,
    speaker: speaker ?? '',
  };
}

/**
 * Whom to believe of those that answer. Members that come back after others went on without them may have a quorum of
 * their own, of what is past; one that lost its data may have begun a database of its own.
 */
function tellerAmong(
  holders: readonly Node[],
  machines: ReadonlyMap<string, { readonly etcd: EtcdFacts }>,
): Node | undefined {
  const views = holders.flatMap((node) => {
    const { members = null, alone = 0 } = machines.get(node.name)?.etcd ?? {};
    return members === null ? [] : [{ node, members, alone }];
  });
  type View = (typeof views)[number];
  const alike = (one: View, other: View): boolean =>
    one.members.some(({ id }) => other.members.some((member) => member.id === id));
  const agreeing = (one: View): number => views.filter((other) => alike(one, other)).length;
  const larger = (one: View, other: View): number =>
    alike(one, other) ? 0 : other.members.length - one.members.length;
  const [believed] = views.toSorted(
    (one, other) => other.alone - one.alone || agreeing(other) - agreeing(one) || larger(one, other),
  );
  return believed?.node;
}

/** Those that nobody told to leave stay: etcd status names them. Who does not answer goes first, for it costs no vote. */
function goneFrom(
  members: readonly EtcdMember[],
  wanted: readonly Node[],
  leaving: readonly Node[],
  machines: ReadonlyMap<string, { readonly etcd: EtcdFacts }>,
): EtcdMember[] {
  const machineOf = ({ address }: EtcdMember): Node | undefined =>
    leaving.find((node) => node.address === address);
  const answers = (member: EtcdMember): boolean =>
    (machines.get(machineOf(member)?.name ?? '')?.etcd.members ?? null) !== null;
  return members
    .filter((one) => machineOf(one) !== undefined && !wanted.some(({ address }) => address === one.address))
    .toSorted((one, other) => Number(answers(one)) - Number(answers(other)));
}

const stands = (facts: EtcdFacts | undefined): boolean => facts?.data === true && !facts.begun;

/** In the order of cluster.json: each finds those before it there already. */
function joiningOf(
  wanted: readonly Node[],
  members: readonly EtcdMember[],
  machines: ReadonlyMap<string, { readonly etcd: EtcdFacts }>,
): Joining[] {
  const known = new Map(members.map(({ name, address }) => [address, name]));
  return wanted.flatMap(({ name, address }) => {
    const facts = machines.get(name)?.etcd;
    const member = members.find((one) => one.address === address);
    const isStrange = facts?.members?.every(({ id }) => id !== member?.id) === true;
    // Who never came has nothing to lose: it takes the place that was kept for it since the beginning.
    const isLost =
      member !== undefined && member.name !== '' && (isStrange || (facts?.data === false && member.seen));
    if (facts === undefined || (stands(facts) && member?.learner === false && !isStrange)) return [];
    known.set(address, name);
    const initialCluster = [...known].map(([at, who]) => `${who}=${peerUrl({ address: at })}`).join(',');
    const isStale = facts.data && (member === undefined || isLost);
    return [
      {
        ...{ name, address, lost: isLost ? member.id : null, stale: isStale },
        ...{ empty: !facts.data, initialCluster },
      },
    ];
  });
}

/** Members that must agree. */
export const quorum = (members: number): number => Math.floor(members / 2) + 1;

/** How many members may fail with the others still agreeing. */
export const bearable = (members: number): number => members - quorum(members);

/** The quorum before and after, for whoever reads the plan; nothing when nobody comes or goes. */
export function quorumNote(cluster: Cluster, membership: Membership): string[] {
  const { joining, awaited, leaving, founding, size } = membership;
  if (founding.length > 0 || joining.length + awaited.length + leaving.length === 0) return [];
  const said = (members: number): string =>
    `${members} ${members === 1 ? 'member' : 'members'} (${bearable(members) === 0 ? 'none' : bearable(members)} may fail)`;
  const coming = joining.map(({ name, lost }) =>
    lost === null ? `+ ${name}` : `± ${name}, whose data is lost`,
  );
  const later = awaited.map((name) => `+ ${name} (not there yet)`);
  const going = leaving.map(({ name, address }) => `- ${name || address}`);
  return [
    `the database: ${said(size)} → ${said(byRole(cluster, 'etcd').length)}: ${[...coming, ...later, ...going].join(', ')}`,
  ];
}
