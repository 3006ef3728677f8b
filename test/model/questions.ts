import type { Artefact } from '../../src/artefacts/artefact.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { artefact } from '../../src/resources/artefact.ts';
import { file } from '../../src/resources/file.ts';
import { service } from '../../src/resources/service.ts';
import { sysctl } from '../../src/resources/sysctl.ts';
import { image } from '../../provisioners/resources/image.ts';
import { manifest } from '../../provisioners/resources/manifest.ts';
import { noStaticPod } from '../../provisioners/resources/static-pod.ts';
import { commandAnswer, hasNothing } from './commands.ts';
import { asAdministrator, may } from './door.ts';
import type { ApiObject } from './api.ts';
import type { ModelMachine } from './machine.ts';
import {
  callsIn,
  type Known,
  like,
  remembering,
  shape,
  type Shape,
  text,
  UnknownScript,
  word,
  words,
  wordsOf,
} from './shape.ts';
import { STORE } from './react.ts';
import { podLines } from './static-pods.ts';
import { STARTED, startedWith } from './systemd.ts';

type Row = Known<ModelMachine, string>;

/** What the product asks about all resources of a kind at once. */
const asked = ({ question }: Resource): Shape => like(question.batch.script(['HOLE']), { HOLE: words });

const program: Artefact = {
  ...{ name: 'x', version: '1', kind: 'binary', source: 'releases', file: '/x', sha256: '', size: 1 },
};
const anything = { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' } };

const octal = (mode: number): string => mode.toString(8);

const files: Row = {
  shape: asked(file('/', '')),
  act: ({ disk }, paths = '') => {
    const there = pathsOf(paths).flatMap((path) => {
      const entry = disk.get(path);
      return entry === undefined ? [] : [{ path, entry }];
    });
    const stats = there.map(({ path, entry: { type, size, mode, owner } }) => {
      const kind = type === 'regular file' && size === 0 ? 'regular empty file' : type;
      return `is|${kind}|${octal(mode)}|${owner}|${path}\n`;
    });
    const sums = there.flatMap(({ path, entry: { type, sha256 } }) =>
      type === 'directory' ? [] : [`${sha256}  ${path}\n`],
    );
    return [...stats, ...sums].join('');
  },
};

const pathsOf = remembering(wordsOf);

export const DIGESTS = '/var/lib/hardway/digests';

const artefacts: Row = {
  shape: asked(artefact(program, '/')),
  act: ({ disk }, paths = '') =>
    pathsOf(paths)
      .flatMap((path) => {
        const entry = disk.get(path);
        if (entry === undefined) return [];
        const [known, kept = ''] = disk.text(`${DIGESTS}${path}`).trim().split(' ');
        const recorded = known === disk.identity(path);
        const digest = recorded ? kept : entry.sha256;
        return [`${path}|${octal(entry.mode)}|${entry.owner}|${recorded ? 'yes' : 'no'}|${digest}\n`];
      })
      .join(''),
};

const services: Row = {
  shape: asked(service('x', '', { follows: [] })[1]),
  act: (machine, paths = '') => {
    const { systemd, disk } = machine;
    const units = pathsOf(paths);
    const programs = units.flatMap((id) => {
      const process = systemd.process(id);
      const gone = systemd.replaced(id) ? ' (deleted)' : '';
      return process === null ? [] : [`exe|'/proc/${process.pid}/exe' -> '/usr/local/bin/program${gone}'\n`];
    });
    const started = disk.below(STARTED).map((path) => path.slice(STARTED.length + 1));
    const sums = started.map((id) => `${startedWith(disk, id)}  ${id}\n`);
    return `${units.map((id) => `${systemd.show(id)}\n`).join('\n')}\n${[...programs, ...sums].join('')}`;
  },
};

const sysctls: Row = {
  shape: asked(sysctl('x', '')),
  act: ({ kernel }, paths = '') =>
    pathsOf(paths)
      .map((key) => `${key}=${kernel.sysctls.get(key) ?? ''}\n`)
      .join(''),
};

export const IMPORTED = '/var/lib/hardway/imported';

const images: Row = {
  shape: asked(image({ ...program, reference: 'x' })),
  act: (machine, paths = '') => {
    if (!machine.disk.has(STORE)) return 'answered\n';
    if (!machine.canRun('/usr/local/bin/ctr') || !machine.isActive('containerd')) return '';
    const from = machine.disk.has(IMPORTED)
      ? pathsOf(paths).map((name) => `from|${name}|${machine.disk.text(`${IMPORTED}/${name}`).trim()}\n`)
      : [];
    return [...machine.images.keys(), 'answered', ''].join('\n') + from.join('');
  },
};

const pods: Row = { shape: asked(noStaticPod('x', {})), act: podLines };

const parsed = remembering((list) => JSON.parse(`[${list}]`) as ApiObject[]);

const manifests: Row = {
  shape: like(manifest(anything).question.batch.script(['HOLE']), { HOLE: text }),
  act: (machine, list = '') => {
    if (hasNothing(machine)) return 'answered\n';
    const api = may(() => asAdministrator(machine));
    if (api === null) return '';
    const items = parsed(list).flatMap((wanted) => api.get(wanted) ?? []);
    return `${JSON.stringify({ kind: 'List', items })}\nanswered\n`;
  },
};

const commands = (machine: ModelMachine, script: string): string =>
  asksIn(script)
    .map((ask, index) => `--- hardway answer ${index}\n${commandAnswer(machine, ask)}`)
    .join('');

const asksIn = remembering((script) => {
  const asks = [
    ...script.matchAll(/echo '--- hardway answer \d+'\n\(\n([\s\S]*?)\n\)\n(?=echo '--- hardway answer |$)/g),
  ];
  if (asks.map(([whole]) => whole).join('') !== script)
    throw new UnknownScript(`no list of commands:\n${script}`);
  return asks.map(([, ask = '']) => ask);
});

/** What each batch of questions looks like, by its name. */
const batches: Readonly<Record<string, Row>> = {
  ...{ file: files, artefact: artefacts, service: services, sysctl: sysctls },
  ...{ image: images, manifest: manifests, pod: pods },
};

const batch = (name: string): ((body: string) => (machine: ModelMachine) => string) =>
  remembering((body) => {
    const row = batches[name];
    if (row === undefined) throw new UnknownScript(`the model knows no questions called ${name}:\n${body}`);
    const [call] = callsIn(`question of the batch ${name}`, [row], body);
    return (machine) => call?.make(machine) ?? '';
  });

const known = new Map(Object.keys(batches).map((name) => [name, batch(name)]));

/** A survey: each batch of questions behind its mark. */
export function answers(machine: ModelMachine, script: string): string {
  const parts = script.split(/^echo '([0-9a-f]{16} \w+)'\n\(\n/m).slice(1);
  let printed = '';
  for (let index = 0; index < parts.length; index += 2) {
    const [mark = '', rest = ''] = [parts[index], parts[index + 1]];
    const end = index + 2 < parts.length ? '\n) </dev/null\n\n' : '\n) </dev/null\n\ntrue';
    if (!rest.endsWith(end)) throw new UnknownScript(`no survey:\n${script}`);
    const body = rest.slice(0, -end.length);
    const name = mark.slice(17);
    printed += `${mark}\n${answerOf(machine, name, body)}`;
  }
  return printed;
}

const answerOf = (machine: ModelMachine, name: string, body: string): string => {
  if (name === 'command') return commands(machine, body);
  const understand = known.get(name) ?? batch(name);
  return understand(body)(machine);
};

const heads = remembering((script) => {
  const row: Row = {
    shape: shape`echo ${word}\nhead -c '65536' ${word} 2>/dev/null; echo`,
    act: ({ disk }, mark = '', path = '') => `${mark}\n${disk.text(path)}\n`,
  };
  return callsIn('reading of texts', [row], script);
});

/** Texts of files, for showing what differs. */
export const texts = (machine: ModelMachine, script: string): string =>
  heads(script)
    .map((call) => call.make(machine))
    .join('');
