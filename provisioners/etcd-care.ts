import type { Database, Defragmented, Member } from '../src/cli/hand.ts';
import type { Cluster } from '../src/cluster/model.ts';
import type { Connection } from '../src/connection/connection.ts';
import { sh } from '../src/connection/quote.ts';
import { refuseLost } from '../src/engine/lost.ts';
import { check } from '../src/engine/settle.ts';
import { HardwayError, MachineError } from '../src/errors.ts';
import { etcdHasQuorum } from './conditions.ts';
import { goOnAlone, survivors } from './etcd-recovery.ts';
import { etcdStatus } from './etcd-status.ts';
import { received } from '../src/cli/received-file.ts';
import { etcdctl } from './etcdctl.ts';

export const database: Database = {
  status: etcdStatus,
  survivors,
  goOnAlone,
  async snapshot(cluster, machines, file, signal) {
    const member = await healthyMember(cluster, machines);
    return { member: member.name, ...(await snapshotOf(member.name, member.connection, file, signal)) };
  },
  async defragment(cluster, machines, told) {
    const { members, problems } = await etcdStatus(cluster, machines);
    const sick = members.filter(({ state }) => state !== 'healthy');
    if (sick.length > 0) {
      throw new MachineError(sick.map(({ name }) => name).join(', '), 'is not healthy; nothing was done', {
        evidence: problems,
        remedy: 'A member does not answer while it is defragmented: all the others must be well.',
      });
    }
    // The leader last: each change of it costs a moment.
    const order = [...members].sort((a, b) => Number(a.role === 'leader') - Number(b.role === 'leader'));
    for (const { name } of order) told(await defragmented(cluster, name, machines.get(name)));
  },
};

/** One of those that are well, not the leader when there is another. */
async function healthyMember(
  cluster: Cluster,
  machines: ReadonlyMap<string, Connection>,
): Promise<{ name: string; connection: Connection }> {
  const { members, problems } = await etcdStatus(cluster, machines);
  const well = members.filter(({ state }) => state === 'healthy');
  const chosen: Member | undefined = well.find(({ role }) => role === 'follower') ?? well[0];
  const connection = chosen && machines.get(chosen.name);
  if (chosen !== undefined && connection !== undefined) return { name: chosen.name, connection };
  throw new HardwayError('DATABASE', 'no member of the database is healthy', {
    evidence: problems,
    remedy: 'hardway etcd status tells what is wrong with each.',
  });
}

/** Seconds. */
const COPYING = 900;
const DEFRAGMENTING = 300;

/** Into a closed folder that goes with the script, whatever ends it. */
const snapshot = sh`umask 077
folder=/var/lib/hardway/snapshot
trap 'rm -rf "$folder"' EXIT
trap 'exit 143' TERM HUP
rm -rf "$folder"
mkdir -p "$folder"
${etcdctl} snapshot save "$folder/db" >"$folder/said" 2>&1 || { tail -n 3 "$folder/said" >&2; exit 1; }
told=$(/usr/local/bin/etcdutl snapshot status "$folder/db" -w json) || exit 1
echo "told $told"
echo "sha256 $(sha256sum <"$folder/db" | cut -d' ' -f1)"
echo data
base64 -w 65532 "$folder/db"`;

async function snapshotOf(machine: string, connection: Connection, file: string, signal: AbortSignal) {
  const told = new Map<string, string>();
  const into = received(file);
  try {
    let isData = false;
    const result = await connection.run(snapshot, {
      limit: COPYING,
      alone: 'etcd-snapshot',
      signal,
      onLine: (line) => {
        if (isData) return into.take(line);
        isData = line === 'data';
        told.set(line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1));
      },
    });
    refuseLost(machine, result, 'while the snapshot was taken');
    if (!result.ok) {
      throw new MachineError(machine, `no snapshot could be taken (${result.outcome}, exit ${result.code})`, {
        evidence: result.stderr.trim().split('\n').slice(-5),
      });
    }
    const sha256 = told.get('sha256') ?? '';
    const size = into.keep(sha256);
    const { revision = 0, totalKey = 0 } = JSON.parse(told.get('told') ?? '{}') as Record<string, number>;
    return { sha256, size, revision, keys: totalKey };
  } finally {
    into.discard();
  }
}

const defragment = sh`${etcdctl} defrag --command-timeout=${`${DEFRAGMENTING}s`} >/dev/null`;

async function defragmented(
  cluster: Cluster,
  machine: string,
  connection: Connection | undefined,
): Promise<Defragmented> {
  if (connection === undefined) throw new MachineError(machine, 'is not there');
  const only = new Map([[machine, connection]]);
  const size = async (): Promise<number> => {
    const { members } = await etcdStatus(cluster, only);
    return members.find(({ name }) => name === machine)?.size ?? 0;
  };
  const before = await size();
  const result = await connection.run(defragment, { limit: DEFRAGMENTING + 30, alone: 'etcd-defrag' });
  refuseLost(machine, result, 'while its database was defragmented');
  const answer = await check(machine, connection, etcdHasQuorum(cluster), 60);
  if (!result.ok || !answer.met) {
    throw new MachineError(machine, 'its database could not be defragmented', {
      evidence: [...result.stderr.trim().split('\n').slice(-3), ...(answer.met ? [] : [answer.reason])],
      remedy: 'The members after it were not touched. hardway etcd status tells how they are.',
    });
  }
  return { member: machine, before, after: await size() };
}
