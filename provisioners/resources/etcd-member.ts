import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { type Answer, type Resource, unknown } from '../../src/engine/resource.ts';
import { command } from '../../src/resources/command.ts';
import { bearable, type EtcdMember, type Joining, parseMember, peerUrl } from '../etcd-members.ts';
import { etcdctl, etcdctlAtLeader, findLeader } from '../etcdctl.ts';
import { KEPT, setAside } from '../etcd-kept.ts';
import { unlessDatabase } from './manifest.ts';

const members = sh`${verbatim(unlessDatabase)}
${etcdctl} member list --command-timeout=5s 2>/dev/null || exit 0
echo answered`;

/**
 * etcd takes a change of its members only when all of them have been in touch for five seconds ("unhealthy cluster"),
 * which right after the last change they have not. `limit`: seconds.
 */
const patiently = (change: Script, limit = 30): Script => sh`limit=${limit}
end=$(( $(date +%s) + limit ))
until said=$(${verbatim(change)} 2>&1); do
  [ "$(date +%s)" -lt $end ] || { echo "$said" >&2; exit 1; }
  sleep 0.3
done`;

/** What the list says of one member. */
const asked = (judge: (all: readonly EtcdMember[]) => Answer) =>
  command(members, (output) => {
    const lines = output.split('\n');
    return lines.at(-1) === 'answered' ? judge(lines.slice(0, -1).map(parseMember)) : unknown;
  });

/** Not its predecessor, whose place it takes. */
const isThat =
  ({ address, lost }: Joining) =>
  (one: EtcdMember): boolean =>
    one.address === address && one.id !== lost;

/** The others know that it comes: it is sent everything that they know, and does not vote yet. */
export const announced = (joining: Joining): Resource => ({
  id: `member:${joining.name}`,
  desired: { announced: true },
  question: asked((all) => (all.some(isThat(joining)) ? { announced: true } : null)),
  steps: () => [
    ...(joining.lost === null ? [] : [{ run: patiently(sh`${etcdctl} member remove ${joining.lost}`) }]),
    {
      run: patiently(
        sh`${etcdctl} member add ${joining.name} --learner ${`--peer-urls=${peerUrl(joining)}`}`,
      ),
    },
  ],
  why: 'A new member learns first what the others know; until then it does not count for the quorum.',
});

/** A database that the others have gone on without is kept beside, never deleted. */
export const noDatabase = (name: string): Resource => ({
  id: `database:${name}`,
  desired: null,
  question: command(sh`[ -d /var/lib/etcd/member ] && echo there; true`, (output) =>
    output === '' ? null : { there: true },
  ),
  steps: () => [{ run: setAside }],
  disturbs: () => [`keeps what it had in ${KEPT}`],
  why: 'The other members went on without this one and do not know it any more.',
});

/** Seconds in which a learner has to catch up. */
const LEARNING = 120;

/** It has caught up and votes. */
export const votes = (joining: Joining): Resource => ({
  id: `vote:${joining.name}`,
  desired: { votes: true },
  question: asked((all) =>
    all.some((one) => isThat(joining)(one) && one.name !== '' && !one.learner) ? { votes: true } : null,
  ),
  steps: () => [{ run: promotion(joining.address) }],
  why: 'It knows what the others know: from now on it counts for the quorum.',
});

const promotion = (
  address: string,
): Script => sh`id=$(${etcdctl} member list | grep -F ${peerUrl({ address })} | cut -d, -f1)
${verbatim(patiently(sh`${verbatim(findLeader)}; ${etcdctlAtLeader} member promote "$id" --command-timeout=5s`, LEARNING))}`;

type Gone = Pick<EtcdMember, 'id' | 'name' | 'address'>;

/** Whoever leads hands over first: an election without it would cost every client a second. */
const removal = ({ id, address }: Gone): Script => sh`${verbatim(findLeader)}
case $leader in *//${`${address}:2379`})
  heir=$(${etcdctl} member list | grep -v -e ${`^${id}`} -e ', true$' | head -n 1 | cut -d, -f1)
  [ -z "$heir" ] || ${etcdctlAtLeader} move-leader "$heir" >/dev/null 2>&1 ;;
esac
${verbatim(patiently(sh`${etcdctl} member remove ${id}`))}`;

/** It does not belong to the database any more. */
export const noMember = (gone: Gone, before: number): Resource => ({
  id: `member:${gone.name || gone.address}`,
  desired: null,
  question: asked((all) => (all.some(({ id }) => id === gone.id) ? { member: true } : null)),
  steps: () => [{ run: removal(gone) }],
  disturbs: () => [`the database bears the failure of ${bearable(before - 1)} members afterwards`],
  why: 'It is no longer in cluster.json, and would count for the quorum all the same.',
});
