import type { Check, Finding } from '../src/cli/check.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import { type Door, doorsOf } from './doors.ts';

/** A socket that waits for others, and who holds it. */
interface Listener {
  readonly protocol: string;
  /** "0.0.0.0", "*", "[::]" or one address. */
  readonly address: string;
  readonly port: number;
  /** "-" for the kernel's own. */
  readonly pid: string;
  /** The unit, or the pod's id, that it belongs to; "-" when there is none. */
  readonly place: string;
  readonly program: string;
}

/** Doors that Kubernetes once had without a lock. */
const LOCKLESS = [8080, 10251, 10252, 10255];

/** Of the key that every Vagrant has, and its comment: who holds it holds no credential. */
const PUBLISHED = ['NF8iallvQVp22WDkTkyrtvp9eWW6A8YVr', 'vagrant insecure public key'];

export const ports: Check = {
  describe: 'who listens beyond loopback, and what strangers are told there',
  question: (cluster, node) => sh`PATH=$PATH:/usr/sbin:/sbin
all=$(ss -H -lntup) || exit 0
printf '%s\\n' "$all" | awk '{
  name = ""; pid = "-"; place = "-"
  if (match($0, /\\(\\("[^"]*",pid=[0-9]+/)) {
    split(substr($0, RSTART + 3, RLENGTH - 3), part, "\\",pid="); name = part[1]; pid = part[2]
    group = "/proc/" pid "/cgroup"
    while ((getline line < group) > 0) {
      if (match(line, /[^\\/]*\\.service$/)) place = substr(line, RSTART)
      if (match(line, /pod[0-9a-f][-_0-9a-f]+/)) place = substr(line, RSTART, RLENGTH)
    }
    close(group)
  }
  print "listens=" $1 " " $5 " " pid " " place " " name
}'
for pod in /var/log/pods/*_*_*; do echo "pod=\${pod##*/}"; done
for keys in /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys; do
  grep -qsF ${PUBLISHED.flatMap((text) => ['-e', text])} "$keys" && echo "published=$keys"
done
${verbatim(...doorsOf(cluster, node).flatMap((door) => knocks(door, node)))}
echo looked=through`,
  judge: (cluster, node, output) => judge(cluster, node, output.split('\n')),
};

/** Each prints what the first line of an answer says, or what TLS says instead of one. */
const knocks = ({ ask, from, address }: Door, node: Node): Script[] =>
  (ask?.paths ?? []).map((path) => {
    const host = address ?? node.address;
    const request = `GET ${path} HTTP/1.0\\r\\n\\r\\n`;
    const call =
      ask?.over === 'tls'
        ? sh`printf ${request} | timeout 4 openssl s_client -quiet -connect ${`${host}:${from}`} 2>&1`
        : sh`timeout 4 bash -c 'exec 3<>/dev/tcp/$0/$1; printf "$2" >&3; cat <&3' ${host} ${String(from)} ${request} 2>&1`;
    return sh`echo ${`answer=${from} ${path} `}"$(${verbatim(call)} | tr -d '\\000' | grep -aoE -m1 'HTTP/1\\.[01] [0-9]+|alert [a-z ]+')"`;
  });

function judge(cluster: Cluster, node: Node, lines: readonly string[]): Finding[] {
  const finding = (
    is: Finding['is'],
    id: string,
    title: string,
    found: string,
    more: object = {},
  ): Finding => ({
    ...{ machine: node.name, id, title, is, found, ...more },
  });
  if (lines.at(-1) !== 'looked=through')
    return [
      finding('wrong', 'ports', 'the machine says who listens', 'it could not', { remedy: REMEDY_ASKING }),
    ];
  const all = valuesOf(lines, 'listens').map(listener);
  const pods = valuesOf(lines, 'pod');
  const answers = valuesOf(lines, 'answer');
  const published = valuesOf(lines, 'published');
  const doors = doorsOf(cluster, node);
  const open = groups(all.filter(({ address }) => !isLoopback(address)));
  return [
    ...open.map((group) => {
      const [first] = group;
      const id = `port ${first.port}/${first.protocol}`;
      const who = `${name(first, pods)} on ${group.map(({ address }) => address).join(', ')}`;
      const door = doors.find((each) => fits(each, first));
      if (door === undefined) return finding('wrong', id, UNDECLARED, who, { remedy: REMEDY });
      const stray = group.find(({ address }) => door.address !== null && address !== door.address);
      if (stray !== undefined)
        return finding('wrong', id, `${door.for} listens on ${door.address} only`, who, { remedy: REMEDY });
      if (door.excepted !== undefined)
        return finding('excepted', id, REFUSES, who, { reason: door.excepted });
      if (door.for === 'SSH' && published.length > 0) {
        const found = `${who}; Vagrant’s published key in ${published.join(', ')}`;
        return finding('wrong', id, REFUSES, found, { remedy: REMEDY_KEY });
      }
      if (door.ask === null) return finding('well', id, `declared for ${door.for}`, who);
      return answered(door, answers, (is, found) => finding(is, id, REFUSES, `${who}${found}`));
    }),
    ...lockless(all, (is, found) =>
      finding(is, `ports ${LOCKLESS.join(' ')}`, 'no port of Kubernetes without a lock is open', found),
    ),
  ];
}

const UNDECLARED = 'only what is declared for this role listens beyond loopback';
const REFUSES = 'whoever comes without a credential is refused';
const REMEDY = 'Stop it there, or let it listen on 127.0.0.1 (pods: without hostNetwork).';
const REMEDY_KEY =
  'Take it out of that file; Vagrant puts another in its place unless ssh.insert_key is false.';
const REMEDY_ASKING = 'Look there: ss -lntup (package iproute2).';

/** A TLS alert, 401, 403; or there is nothing under that name. */
const REFUSAL = /^(alert .*|HTTP\/1\.[01] (401|403|404))$/;

function answered(
  { from, ask }: Door,
  answers: readonly string[],
  finding: (is: Finding['is'], found: string) => Finding,
): Finding {
  const told = (ask?.paths ?? []).map((path) => {
    const start = `${from} ${path} `;
    const answer = answers.find((line) => line.startsWith(start))?.slice(start.length) ?? '';
    return { path, answer: answer === '' ? 'no answer' : answer };
  });
  const found = `; ${told.map(({ path, answer }) => `${path}: ${answer}`).join(', ')}`;
  return finding(told.every(({ answer }) => REFUSAL.test(answer)) ? 'well' : 'wrong', found);
}

function lockless(
  all: readonly Listener[],
  finding: (is: Finding['is'], found: string) => Finding,
): Finding[] {
  const found = all.filter(({ port, program }) => LOCKLESS.includes(port) && program.startsWith('kube'));
  if (found.length === 0) return [finding('well', 'none')];
  return [finding('wrong', found.map(({ port, program }) => `${program} on ${port}`).join(', '))];
}

const fits = ({ protocol, from, to, programs, unit }: Door, listener: Listener): boolean =>
  listener.protocol === protocol &&
  listener.port >= from &&
  listener.port <= to &&
  (programs.length === 0 ? listener.pid === '-' : programs.includes(listener.program)) &&
  (unit === null || unit.test(listener.place));

/** "nc (pid 812, pod default_shell_…)" */
function name({ program, pid, place }: Listener, pods: readonly string[]): string {
  if (pid === '-') return 'the kernel';
  const id = place.replace(/^pod/, '').replaceAll('_', '-');
  const pod = place.startsWith('pod') ? pods.find((each) => each.endsWith(id)) : undefined;
  const home = pod === undefined ? place : `pod ${pod.split('_').slice(0, 2).join('/')}`;
  return `${program} (pid ${pid}${home === '-' ? '' : `, ${home}`})`;
}

const isLoopback = (address: string): boolean => /^(127\.|\[::1\]|\[::ffff:127\.)/.test(address);

/** One for each program and port: it may have several addresses. */
function groups(listeners: readonly Listener[]): [Listener, ...Listener[]][] {
  const found = new Map<string, [Listener, ...Listener[]]>();
  for (const listener of listeners) {
    const key = [listener.protocol, listener.port, listener.pid, listener.program].join(' ');
    const group = found.get(key);
    if (group === undefined) found.set(key, [listener]);
    else group.push(listener);
  }
  return [...found.values()];
}

/** `tcp 0.0.0.0:6443 812 haproxy.service haproxy` */
function listener(line: string): Listener {
  const [protocol = '', local = '', pid = '', place = '', ...program] = line.split(' ');
  const colon = local.lastIndexOf(':');
  return {
    ...{ protocol, pid, place, program: program.join(' ') },
    address: local.slice(0, colon),
    port: Number(local.slice(colon + 1)),
  };
}

const valuesOf = (lines: readonly string[], key: string): string[] =>
  lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
