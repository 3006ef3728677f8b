import { createHash } from 'node:crypto';
import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import type { Batch, Question, Resource } from '../../src/engine/resource.ts';
import { file, type FileResource } from '../../src/resources/file.ts';
import { yaml } from '../yaml.ts';
import type { Manifest } from './manifest.ts';
import { awaited, PATIENCE, VARIABLE } from './started-with.ts';

/** Where kubelets look for pods of their own. */
export const MANIFESTS = '/etc/kubernetes/manifests';
/** The digest once more, as an annotation: another one makes another pod. */
const STARTED_WITH = 'hardway.dev/started-with';

export interface StaticPodOptions {
  /** Files that the running program must have been started with; the manifest and the image count by themselves. */
  readonly follows: readonly FileResource[];
  /** What others feel while it restarts; it is always said that it restarts. */
  readonly interrupts?: string;
}

/** Which of these pods have a file, and what the programs of those that run were started with. */
const pods: Batch = {
  name: 'pod',
  script: (asks) => sh`for name in ${asks}; do [ ! -e "${MANIFESTS}/$name.yaml" ] || echo "file $name"; done
pgrep -af '^/usr/local/bin/' | while read -r pid program rest; do
  name=\${program##*/}
  case " ${asks} " in *" $name "*) ;; *) continue ;; esac
  digest=$(sed -zn 's/^${VARIABLE}=//p' "/proc/$pid/environ" 2>/dev/null | tr -d '\\0')
  [ -z "$digest" ] || echo "runs $name $digest"
done`,
  answers: (output, asks) => {
    const lines = output.split('\n').map((line) => line.split(' '));
    return asks.map((ask) => {
      const own = lines.filter(([, name]) => name === ask);
      const digests = own.flatMap(([what, , digest = '']) => (what === 'runs' ? [digest] : []));
      return own.length === 0 ? null : digests.join(' ');
    });
  },
};

const question = (name: string): Question => ({
  batch: pods,
  ask: name,
  parse: (answer) => (answer === null ? null : { 'started with': answer }),
});

export const pathOf = (name: string): string => `${MANIFESTS}/${name}.yaml`;

/**
 * A pod that the machine's kubelet runs from a file, and the file. `program` is its first line (see program.ts): another
 * program, flag or followed file makes another file, and so another pod.
 */
export function staticPod(
  program: string,
  pod: Manifest,
  { follows, interrupts }: StaticPodOptions,
): [FileResource, Resource] {
  const { name } = pod.metadata;
  const sums = follows.map(({ sha256, path }) => `${sha256}  ${path}`);
  const digest = createHash('sha256')
    .update([program, JSON.stringify(pod), ...sums].join('\n'))
    .digest('hex');
  const manifest = file(pathOf(name), `# ${program}\n${yaml(marked(pod, digest))}`, { mode: 0o600 });
  const desired = { 'started with': digest };
  const running: Resource = {
    id: `pod:${name}`,
    desired,
    question: question(name),
    steps: () => [{ run: awaited(started(name, digest), `start ${name}`), limit: PATIENCE }],
    disturbs: (now) =>
      now === null || now['started with'] === digest
        ? []
        : [`restarts the pod ${name}${interrupts === undefined ? '' : `: ${interrupts}`}`],
    evidence: podLog(name, 5),
  };
  return [
    { ...manifest, steps: () => [{ run: placed(pathOf(name), manifest.text?.wanted ?? '') }] },
    running,
  ];
}

/** A place in the order of steps: a file that is put would be there before anything else is done. */
const placed = (
  path: string,
  content: string,
): Script => sh`(umask 077; printf %s ${content} >${`${MANIFESTS}/.hw-manifest`})
sync ${`${MANIFESTS}/.hw-manifest`}
mv -f ${`${MANIFESTS}/.hw-manifest`} ${path}`;

/** The note that makes another pod of what is otherwise the same; told to the program by its environment. */
function marked(pod: Manifest, digest: string): Manifest {
  const { containers, ...spec } = pod['spec'] as { containers: readonly object[] };
  const env = [{ name: VARIABLE, value: digest }];
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [STARTED_WITH]: digest } },
    spec: { ...spec, containers: containers.map((container) => ({ ...container, env })) },
  };
}

const started = (name: string, digest: string): Script =>
  sh`(${verbatim(pods.script([name]))}) | grep -q ${` ${digest}$`}`;
const ended = (name: string): Script => sh`! (${verbatim(pods.script([name]))}) | grep -q '^runs'`;

/** What its containers wrote last, whichever of them there were. */
export const podLog = (name: string, lines: number): Script =>
  sh`ls -tr ${verbatim(logFiles(name))} 2>/dev/null | tail -n 2 | xargs -r cat | tail -n ${lines} | cut -d' ' -f4-`;

/** A pattern for the shell. */
export const logFiles = (name: string): Script =>
  `/var/log/pods/kube-system_${name}-*/${name}/*.log` as Script;
/** The same for the name in `$unit`. */
export const podFiles: Script = logFiles('"$unit"');

/** No such pod of ours: its file is gone, and its program. */
export function noStaticPod(name: string, { interrupts }: Pick<StaticPodOptions, 'interrupts'>): Resource {
  return {
    id: `pod:${name}`,
    desired: null,
    question: question(name),
    steps: () => [
      {
        run: sh`rm -f ${pathOf(name)}
${verbatim(awaited(ended(name), `end ${name}`))}`,
        limit: PATIENCE,
      },
    ],
    disturbs: () => [`ends the pod ${name}${interrupts === undefined ? '' : `: ${interrupts}`}`],
  };
}
