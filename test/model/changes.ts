import type { Result } from '../../src/connection/connection.ts';
import { writeFiles } from '../../src/connection/bundle.ts';
import type { Upload } from '../../src/connection/connection.ts';
import { upload } from './connection.ts';
import { LEASE, leaseOf } from './conditions.ts';
import { keepOutput } from '../../src/engine/output.ts';
import type { ModelMachine } from './machine.ts';
import { Refusal } from './refusal.ts';
import { callsIn, type Call, type Known, like, shape, text, UnknownScript, word, wordsOf } from './shape.ts';
import { steps } from './steps.ts';

type Row = Known<ModelMachine, void>;

/** Failed, and said whose step it was. */
class StepFailed extends Error {
  readonly said: Refusal;

  constructor(said: Refusal, resource: string) {
    super(resource);
    this.said = said;
  }
}

const bundle: Row = {
  shape: shape`hw_clean() {${text}\ntrap - TERM HUP`,
  act: (machine, body = '') => {
    const whole = `\nhw_clean() {${body}\ntrap - TERM HUP\n`;
    const files = filesIn(body);
    if (writeFiles(files) !== whole) throw new UnknownScript(`no bundle of files:\n${whole.slice(0, 4000)}`);
    for (const file of files) {
      const user = file.owner?.split(':')[0] ?? 'root';
      if (!machine.users.has(user))
        throw new Refusal(1, `cannot write ${file.path}: chown: invalid user: ${user}`);
    }
    for (const file of files) machine.cluster.effect(machine, () => upload(machine, file));
  },
};

const heredoc =
  /^hw_path=(\S+|'[^\n]*') hw_dir=[^\n]* hw_bytes='\d+'\nhw_new 'base64 -d' ([^\n]*) <<'hw-end-of-file'\n([\s\S]*?)\n?hw-end-of-file$/gm;

/** What a bundle writes; that nothing else is in it is shown by making it again. */
function filesIn(body: string): Upload[] {
  const sums = /hw_says=\$\(printf '%s  %s\\n' ([^\n]*) \| sha256sum -c/.exec(body)?.[1] ?? '';
  const lines = body.split('\n');
  const rights = (command: string, temporary: string): string =>
    lines
      .filter((line) => line.startsWith(`hw_try 'setting owner and mode' ${command} -- `))
      .map((line) => line.slice(`hw_try 'setting owner and mode' ${command} -- `.length))
      .find((line) => ` ${line} `.includes(` ${temporary} `))
      ?.split(' ')[0]
      ?.replaceAll("'", '') ?? '';
  return [...body.matchAll(heredoc)].map(([, path = '', temporary = '', base64 = '']) => ({
    path: wordsOf(path)[0] ?? '',
    content: Buffer.from(base64, 'base64'),
    sha256: /([0-9a-f]{64}) $/.exec(sums.slice(0, sums.indexOf(temporary)))?.[1] ?? '',
    mode: Number.parseInt(rights('chmod', temporary), 8),
    owner: rights('chown', temporary),
  }));
}

const guarded: Row = {
  shape: shape`(
set -e
${text}
) >&2 </dev/null
hw_code=$?
if [ $hw_code -ne 0 ]; then echo ${word}; exit $hw_code; fi`,
  act: (machine, script = '', failed = '') => {
    try {
      all(machine, callsIn('step', steps, script));
    } catch (error) {
      throw error instanceof Refusal ? new StepFailed(error, failed) : error;
    }
  },
};

/** Nobody asks the model for the output of commands. */
const kept: Row = {
  shape: like(keepOutput('PHASE', 'WHAT'), {
    '/var/log/hardway/PHASE.log': word,
    WHAT: word,
  }),
  act: () => undefined,
};

const all = (machine: ModelMachine, calls: readonly Call<ModelMachine, void>[]): void => {
  for (const call of calls) call.make(machine);
};

/** Scripts that only ask, and stand alone. */
const asking: readonly Known<ModelMachine, string>[] = [
  { shape: shape`journalctl _SYSTEMD_UNIT=${word} --lines=5 --output=cat --no-pager`, act: () => '' },
  { shape: LEASE, act: (machine, name = '') => leaseOf(machine, name) },
  {
    shape: shape`index=0
for path in ${text}; do
  folder=\${path%/*}
  until [ -d "\${folder:-/}" ]; do folder=\${folder%/*}; done
  echo "$index $(df -B1 --output=avail,target -- "\${folder:-/}" | tail -n 1)"
  index=$((index + 1))
done`,
    act: (_, paths = '') =>
      wordsOf(paths)
        .map((__, index) => `${index} ${2 ** 40} /\n`)
        .join(''),
  },
];

const isAsked = (script: string): boolean =>
  asking.some(({ shape: { pattern } }) => {
    pattern.lastIndex = 0;
    return pattern.test(script);
  });

/** A change script, or the answer to a request. Everything in it is understood before the first of it is done. */
export function change(machine: ModelMachine, script: string): Partial<Result> {
  if (isAsked(script))
    return {
      stdout: callsIn('question', asking, script)
        .map((call) => call.make(machine))
        .join(''),
    };
  const calls = callsIn('script', [bundle, kept, guarded, ...steps], script);
  try {
    all(machine, calls);
    return {};
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    return { code: error.said.code, stdout: `${error.message}\n`, stderr: `${error.said.message}\n` };
  }
}
