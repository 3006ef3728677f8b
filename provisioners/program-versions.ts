import type { Versions } from '../src/cli/hand.ts';
import type { Cluster, Node } from '../src/cluster/model.ts';
import { type Script, sh, verbatim } from '../src/connection/quote.ts';
import { knownArtefacts } from './known-artefacts.ts';
import { servicesOf } from './services.ts';
import { programOf } from './whereabouts.ts';

/** In the order in which they are told; each says its version on --version. */
const PROGRAMS = [
  ...['containerd', 'runc', 'kubelet', 'kube-proxy', 'flanneld'],
  ...['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
];

/** A box may hold programs that its machine has no use for. */
const programsOf = (cluster: Cluster, node: Node): string[] =>
  PROGRAMS.filter((name) => name === 'runc' || servicesOf(cluster, node).includes(name));

/** All at once: each takes a tenth of a second to start. */
const told = (name: string): Script =>
  sh`{ program=$(${verbatim(programOf(name))}); [ ! -x "$program" ] || echo ${name}"|$("$program" --version 2>&1 | head -n 1)"; } &`;

export const versions: Versions = {
  script: (cluster, node) => sh`echo "os|$(. /etc/os-release; echo "$PRETTY_NAME")"
echo "kernel|$(uname -r)"
${verbatim(...programsOf(cluster, node).map(told))}
wait`,
  read(output) {
    const said = new Map(
      output.split('\n').map((line): [string, string] => {
        const [name = '', text = ''] = line.split('|');
        return [name, text];
      }),
    );
    const found = ['os', 'kernel', ...PROGRAMS].flatMap((name): [string, string][] => {
      const text = said.get(name);
      if (text === undefined) return [];
      const isProgram = PROGRAMS.includes(name);
      return [[name, isProgram ? (/\d+\.\d+\.\d+\S*/.exec(text)?.[0] ?? text) : text]];
    });
    return Object.fromEntries(found);
  },
  wanted(cluster) {
    const known = knownArtefacts(cluster);
    return Object.fromEntries(PROGRAMS.map((name) => [name, known.get(name).version]));
  },
  problems(machines) {
    const servers = [...machines].flatMap(([name, { 'kube-apiserver': version }]) =>
      version === undefined ? [] : [{ name, minor: minorOf(version), version }],
    );
    const [oldest] = servers.sort((a, b) => a.minor - b.minor);
    if (oldest === undefined) return [];
    return [...machines].flatMap(([machine, programs]) =>
      Object.entries(BEHIND).flatMap(([program, behind]) => {
        const version = programs[program];
        if (version === undefined) return [];
        const distance = oldest.minor - minorOf(version);
        if (distance >= 0 && distance <= behind) return [];
        const rule = distance < 0 ? 'may never be newer' : `may be ${behind} minor releases older at most`;
        return [
          `${machine}: ${program} ${version} beside kube-apiserver ${oldest.version} of ${oldest.name}: it ${rule}`,
        ];
      }),
    );
  },
};

/** How many minor releases each may be older than any API server: Kubernetes' skew policy. */
const BEHIND: Readonly<Record<string, number>> = {
  kubelet: 3,
  'kube-proxy': 3,
  'kube-controller-manager': 1,
  'kube-scheduler': 1,
};

const minorOf = (version: string): number => Number(version.split('.')[1]);
