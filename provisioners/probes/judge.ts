import type { Finding } from '../../src/cli/check.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { type Answer, type Asked, insideName, OUTSIDE, type Through } from './asked.ts';
import type { Pod } from './pods.ts';

export type Found = Finding & { readonly check: string };

/** What was seen of all nodes. */
export interface Evidence {
  readonly pods: readonly Pod[];
  /** By node. */
  readonly asked: ReadonlyMap<string, Asked>;
  /** Nodes on which the cluster's DNS runs. */
  readonly resolvers: readonly string[];
  readonly through: readonly Through[];
}

const one = (asked: Asked, kind: Answer['kind'], to: string): Answer | undefined =>
  asked.answers?.find((answer) => answer.kind === kind && answer.to === to);

export const running = (pods: readonly Pod[], part: string): Pod[] =>
  pods.filter((pod) => pod.part === part && pod.isRunning);

/** From the pod of each node to one on each node: a small packet, and one that fills the link. */
export function ways({ pods, asked }: Evidence): Found[] {
  return [...asked].flatMap(([machine, said]) =>
    running(pods, 'answering').map((to): Found => {
      const [small, full] = [one(said, 'small', to.ip), one(said, 'full', to.ip)];
      const base = { check: 'pods', machine, id: `pod → pod on ${to.node}`, title: 'packets arrive' };
      const bytes = `${full?.bytes ?? '?'} bytes in one packet`;
      if (full !== undefined && full.error === undefined)
        return { ...base, is: 'well', found: `${bytes}, ${full.milliseconds} ms` };
      if (small !== undefined && small.error === undefined)
        return {
          ...{ ...base, is: 'wrong', found: `small ones do, ${bytes} do not: ${full?.error ?? 'no answer'}` },
          remedy: 'The network between the machines carries less than it says: compare its MTU (ip link).',
        };
      return {
        ...{ ...base, is: 'wrong', found: small?.error ?? 'the pod could not be asked' },
        remedy: `Is UDP 8472 let through between ${machine} and ${to.node}? hardway status shows the machines' own ways.`,
      };
    }),
  );
}

/** A way that is cut, between a node and one on which DNS runs: what does not work through it is no news. */
const cut = (all: readonly Found[], machine: string, resolvers: readonly string[]): Found | undefined =>
  all.find(
    ({ is, machine: from, id }) =>
      is === 'wrong' &&
      resolvers.some(
        (resolver) =>
          (from === machine && id.endsWith(` ${resolver}`)) ||
          (from === resolver && id.endsWith(` ${machine}`)),
      ),
  );

export function names(cluster: Cluster, { asked, resolvers, pods }: Evidence): Found[] {
  const inside = insideName(cluster);
  const all = ways({ pods, asked, resolvers, through: [] });
  const unknown = [...asked].filter(([, said]) => isUnknownToAll(said)).map(([machine]) => machine);
  const found = [...asked].flatMap(([machine, said]): Found[] => {
    const answer = one(said, 'name', inside);
    const base = { check: 'dns', machine, id: 'name of the cluster', title: `${inside} is known in a pod` };
    if (answer !== undefined && answer.error === undefined) {
      const found = `${answer.said}, ${answer.milliseconds} ms`;
      return [{ ...base, is: 'well', found }, ...outsideName(machine, said)];
    }
    const found = answer?.error ?? 'the pod could not be asked';
    const cause = cut(all, machine, resolvers);
    if (cause !== undefined)
      return [{ ...base, is: 'excepted', found, reason: `follows from: ${cause.machine}: ${cause.id}` }];
    const where = resolvers.length === 0 ? 'CoreDNS runs nowhere' : `CoreDNS runs on ${resolvers.join(', ')}`;
    return [
      {
        ...base,
        is: 'wrong',
        found: `${found}; ${where}`,
        remedy: 'hardway up brings CoreDNS back (addons.coredns).',
      },
    ];
  });
  const [machine] = unknown;
  if (machine === undefined) return found;
  const base = { check: 'dns', machine, id: 'name outside', title: `${OUTSIDE} is known in a pod` };
  const reason = `the machines themselves do not know it (${unknown.join(', ')})`;
  return [...found, { ...base, is: 'excepted', found: 'unknown', reason }];
}

/** Not the cluster's affair. */
const isUnknownToAll = (said: Asked): boolean =>
  !said.machineKnows && one(said, 'name', OUTSIDE)?.error !== undefined;

function outsideName(machine: string, said: Asked): Found[] {
  const answer = one(said, 'name', OUTSIDE);
  if (answer === undefined || isUnknownToAll(said)) return [];
  const base = { check: 'dns', machine, id: 'name outside', title: `${OUTSIDE} is known in a pod` };
  if (answer.error === undefined) return [{ ...base, is: 'well', found: answer.said ?? '' }];
  const remedy = 'The machine itself knows it: is the name server of the machines reachable from pods?';
  return [{ ...base, is: 'wrong', found: answer.error, remedy }];
}

export const services = ({ asked }: Evidence, page: string): Found[] =>
  [...asked].map(([machine, said]): Found => {
    const answer = one(said, 'page', page);
    const base = { check: 'services', machine, id: `Service ${page}`, title: 'a pod reaches it' };
    return answer !== undefined && answer.error === undefined
      ? { ...base, is: 'well', found: `${answer.said} answers, ${answer.milliseconds} ms` }
      : {
          ...{ ...base, is: 'wrong', found: answer?.error ?? 'the pod could not be asked' },
          remedy: `Is kube-proxy well on ${machine}? hardway logs ${machine} kube-proxy.`,
        };
  });

/** `doors`: host:port of the node, by the machine that was sent to it. */
export const nodePorts = (
  { asked }: Evidence,
  doors: ReadonlyMap<string, { readonly node: string; readonly door: string }>,
): Found[] =>
  [...asked].map(([machine, said]): Found => {
    const { node = '?', door = '?' } = doors.get(machine) ?? {};
    const base = {
      check: 'nodeports',
      machine: node,
      id: `NodePort ${door}`,
      title: `${machine} reaches it`,
    };
    return said.door.endsWith(` on ${node}`)
      ? { ...base, is: 'well', found: `${said.door} answers` }
      : {
          ...{
            ...base,
            is: 'wrong',
            found: said.door === '' ? 'no answer' : `${said.door} answers, who is not there`,
          },
          remedy: `Is kube-proxy well on ${node}, and no firewall in front of it?`,
        };
  });

export const throughApi = ({ through }: Evidence, what: 'logs' | 'exec'): Found[] =>
  through
    .filter((each) => each.what === what)
    .map(({ node, isOk, milliseconds, said }): Found => {
      const title =
        what === 'logs' ? 'kubectl logs tells what a pod wrote' : 'kubectl exec runs a command in a pod';
      const base = { check: what, machine: node, id: what, title };
      return isOk
        ? { ...base, is: 'well', found: `${JSON.stringify(said.slice(0, 80))}, ${milliseconds} ms` }
        : {
            ...{ ...base, is: 'wrong', found: said },
            remedy: `The API server must reach TCP 10250 on ${node}: is the kubelet well, and no firewall in front of it?`,
          };
    });

/** What stands for all findings of a check when they are well, in the words of what it proves. */
export const sums = (
  findings: readonly Found[],
  describe: Readonly<Record<string, string>>,
): Record<string, string> =>
  Object.fromEntries(
    [...new Set(findings.filter(({ is }) => is !== 'excepted').map(({ check }) => check))].map((check) => [
      check,
      sum(
        findings.filter((each) => each.check === check && each.is !== 'excepted'),
        describe[check] ?? check,
      ),
    ]),
  );

function sum(findings: readonly Found[], describe: string): string {
  const [first] = findings;
  if (first === undefined) return describe;
  const times = findings.flatMap(({ found }) => /, ([\d.]+) ms$/.exec(found)?.[1] ?? []);
  const slowest = times.length === 0 ? '' : `, slowest ${Math.max(...times.map(Number))} ms`;
  const well = findings.filter(({ is }) => is === 'well').length;
  const seen = findings.length === 1 ? first.found : `${well} of ${findings.length}`;
  const size = /^\d+ bytes in one packet/.exec(first.found)?.[0];
  return `${describe}: ${seen}${size === undefined ? '' : `, ${size}`}${findings.length === 1 ? '' : slowest}`;
}
