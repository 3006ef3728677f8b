import type { Recovery, Survivor } from '../src/cli/hand.ts';
import type { Cluster } from '../src/cluster/model.ts';
import type { Connection } from '../src/connection/connection.ts';
import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import { refuseLost } from '../src/engine/lost.ts';
import { MachineError } from '../src/errors.ts';
import { lastWords } from './diagnosis.ts';
import { copied, KEPT, setAside } from './etcd-kept.ts';
import { ALONE, answersWithin, etcdctl } from './etcdctl.ts';
import * as etcdPod from './kubeadm/etcd-pod.ts';
import { hasStackedEtcd } from './kubeadm/topology.ts';
import { byRole } from './scope.ts';

type Machines = ReadonlyMap<string, Connection>;

/** How a member is handled: a unit of ours, or a pod of kubeadm's. */
interface Keeper {
  /** Lets its database be read by another program; and what follows. */
  readonly paused: Script;
  readonly resumed: Script;
  readonly setAside: Script;
  /** For the one start that drops all other members. */
  readonly alone: Script;
}

const keeperOf = (cluster: Cluster): Keeper => (hasStackedEtcd(cluster) ? pod : unit);

/** Also of a member that has no quorum, and of one that does not run. */
const question = ({
  paused,
  resumed,
}: Keeper): Script => sh`[ -d /var/lib/etcd/member ] || { echo empty; exit 0; }
${etcdctl} endpoint health --command-timeout=3s >/dev/null 2>&1 && echo quorum
said=$(${etcdctl} endpoint status --command-timeout=3s -w json 2>/dev/null) && revision=$(echo "$said" | sed -n 's/.*"revision":\\([0-9]*\\).*/\\1/p')
if [ -z "$revision" ]; then
  ${verbatim(paused)}
  revision=$(timeout 20 /usr/local/bin/etcdutl snapshot status /var/lib/etcd/member/snap/db -w json 2>/dev/null | sed -n 's/.*"revision":\\([0-9]*\\).*/\\1/p')
  ${verbatim(resumed)}
fi
echo "revision \${revision:-unknown}"
echo "written $(stat -c %Y /var/lib/etcd/member/snap/db)"`;

/** What every member of cluster.json still has. Throws MachineError for one that cannot be asked. */
export async function survivors(cluster: Cluster, machines: Machines): Promise<Recovery> {
  const members = await Promise.all(
    byRole(cluster, 'etcd').map(async ({ name }): Promise<Survivor> => {
      const connection = machines.get(name);
      if (connection === undefined) return { name, state: 'not there', revision: null, written: null };
      const result = await connection.run(question(keeperOf(cluster)), { limit: 60 });
      refuseLost(name, result, 'while its database was looked at');
      if (!result.ok)
        throw new MachineError(name, `its database could not be looked at (${result.outcome})`, {
          evidence: result.stderr.trim().split('\n').slice(-5),
        });
      const word = (key: string): number | null => {
        const text = new RegExp(`^${key} (\\d+)$`, 'm').exec(result.stdout)?.[1];
        return text === undefined ? null : Number(text);
      };
      const state = /^quorum$/m.test(result.stdout)
        ? 'in a quorum'
        : /^empty$/m.test(result.stdout)
          ? 'empty'
          : word('revision') === null
            ? 'unreadable'
            : 'alone';
      return { name, state, revision: word('revision'), written: word('written') };
    }),
  );
  const best = members
    .filter(({ state }) => state === 'alone')
    .sort((a, b) => (b.revision ?? 0) - (a.revision ?? 0) || (b.written ?? 0) - (a.written ?? 0))[0];
  return {
    members,
    hasQuorum: members.some(({ state }) => state === 'in a quorum'),
    best: best?.name ?? null,
  };
}

/**
 * `chosen` goes on alone with what it has; the others lose their place and will join as new members. What they had is
 * moved aside. Throws MachineError.
 */
export async function goOnAlone(cluster: Cluster, machines: Machines, chosen: string): Promise<void> {
  const others = byRole(cluster, 'etcd').filter(({ name }) => name !== chosen && machines.has(name));
  // First the others: two databases that both take themselves for the cluster would be worse than none.
  const keeper = keeperOf(cluster);
  await Promise.all(
    others.map(({ name }) => done(name, machines.get(name), keeper.setAside, 'was set aside')),
  );
  await done(chosen, machines.get(chosen), keeper.alone, 'went on alone');
}

/** Not even a reboot may meet the flag again. */
const alone: Script = sh`set -e
folder=/run/systemd/system/etcd.service.d
forget() { rm -rf "$folder"; systemctl daemon-reload; }
trap forget EXIT
trap 'exit 143' TERM HUP INT
systemctl stop etcd
${verbatim(copied)}
mkdir -p "$folder"
printf '[Service]\\nEnvironment=ETCD_FORCE_NEW_CLUSTER=true\\n' > "$folder/alone.conf"
systemctl daemon-reload
date +%s >${ALONE}
timeout 90 systemctl start etcd || { ${verbatim(lastWords('etcd'))}; exit 1; }
${verbatim(answersWithin(60))}`;

const unit: Keeper = {
  paused: sh`state=$(systemctl is-active etcd)
timeout 20 systemctl stop etcd`,
  resumed: sh`case $state in active|activating) systemctl start --no-block etcd ;; esac`,
  setAside,
  alone,
};

/** While it runs it holds its database: then it is its own fault that it does not tell. */
const pod: Keeper = { paused: sh`true`, resumed: sh`true`, setAside: etcdPod.setAside, alone: etcdPod.alone };

/** Seconds; every wait inside is shorter, and the sum of them. */
const LIMIT = 300;

async function done(
  machine: string,
  connection: Connection | undefined,
  script: Script,
  what: string,
): Promise<void> {
  if (connection === undefined) throw new MachineError(machine, 'is not there');
  const result = await connection.run(script, { limit: LIMIT, alone: 'etcd-recovery' });
  refuseLost(machine, result, `before its database ${what}`);
  if (result.ok) return;
  throw new MachineError(
    machine,
    `its database could not be recovered (${result.outcome}, exit ${result.code})`,
    {
      evidence: `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-5),
      remedy: `Nothing is deleted: ${KEPT} on each machine has what was there. Run hardway recover again.`,
    },
  );
}
