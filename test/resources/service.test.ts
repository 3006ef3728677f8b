import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { localConnection } from '../../src/connection/local.ts';
import { sh, verbatim } from '../../src/connection/quote.ts';
import type { Resource } from '../../src/engine/resource.ts';
import { file } from '../../src/resources/file.ts';
import { service, startRecorder } from '../../src/resources/service.ts';
import { workFolder } from './bench.ts';

const folder = workFolder();
const unit = '[Unit]\nDescription=x\n\n[Service]\nUser=etcd\nExecStart=/usr/local/bin/etcd \\\n  --name=a\n';
const config = file('/etc/etcd/a.conf', 'a\n');
const key = file('/etc/etcd/key', 'secret\n', { secret: true });
const [unitFile, running] = service('etcd', unit, { follows: [config, key] });

/** What `systemctl show` prints, by what was seen. */
const show = (id: string, [state, sub]: [string, string], file = 'enabled', reload = 'no', pid = 0) =>
  `MainPID=${pid}\nId=${id}\nActiveState=${state}\nSubState=${sub}\nUnitFileState=${file}\nNeedDaemonReload=${reload}\n`;

const answer = (resource: Resource, output: string) =>
  resource.question.parse(resource.question.batch.answers(output, [resource.question.ask])[0] ?? null);

describe('the question about services', () => {
  const cases: [string, string, object][] = [
    ['runs', show('etcd.service', ['active', 'running']), { enabled: true, running: true }],
    ['starts', show('etcd.service', ['activating', 'start-pre']), { running: true }],
    ['reloads', show('etcd.service', ['reloading', 'reload']), { running: true }],
    ['crashes in a loop', show('etcd.service', ['activating', 'auto-restart']), { running: false }],
    ['has failed', show('etcd.service', ['failed', 'failed']), { running: false }],
    ['ends', show('etcd.service', ['deactivating', 'stop-sigterm']), { running: false }],
    ['is not enabled', show('etcd.service', ['active', 'running'], 'disabled'), { enabled: false }],
    ['has no unit', show('etcd.service', ['inactive', 'dead'], ''), { enabled: false, running: false }],
    [
      'was not reloaded',
      show('etcd.service', ['active', 'running'], 'enabled', 'yes'),
      { 'unit reloaded': false },
    ],
    ['was not told about', '', { enabled: false, running: false, 'started with': '' }],
    ['is another one', show('etcd2.service', ['active', 'running']), { enabled: false, running: false }],
  ];
  it.each(cases)('%s', (_, output, expected) => {
    expect(answer(running, output)).toMatchObject(expected);
  });

  it('is asked once for all, with the programs they run and what they were started with', async () => {
    const program = join(folder, 'sleep');
    copyFileSync('/bin/sleep', program);
    const old = started(spawn(program, ['60']));
    const current = started(spawn('/bin/sleep', ['60']));
    rmSync(program);
    mkdirSync(join(folder, 'started'));
    writeFileSync(join(folder, 'started', 'new.service'), 'x\n');
    writeFileSync(join(folder, 'started', '.half.service'), 'y\n');

    const { batch } = running.question;
    const asks = ['old.service', 'new.service', 'none.service'];
    const units = [
      show('old.service', ['active', 'running'], 'enabled', 'no', old),
      show('new.service', ['active', 'running'], 'enabled', 'no', current),
      show('none.service', ['inactive', 'dead'], ''),
    ].join('\n');
    const systemctl = sh`systemctl() {
  case "$*" in *--value*) printf '%s\n\n' ${old} ${current} 0 ;; *) printf '%s' ${units} ;; esac
}`;
    const script = batch.script(asks).replaceAll('/run/hardway/started', join(folder, 'started'));
    const result = await localConnection().run(
      sh`${verbatim(systemctl)}\n${verbatim(script as typeof systemctl)}`,
    );
    const states = batch.answers(result.stdout, asks).map((each) => running.question.parse(each));
    expect(states).toEqual([
      { ...fine, 'runs replaced program': true, 'started with': '' },
      { ...fine, 'started with': createHash('sha256').update('x\n').digest('hex') },
      { ...fine, enabled: false, running: false, 'started with': '' },
    ]);
  });
});

const fine = { enabled: true, running: true, 'unit reloaded': true, 'runs replaced program': false };

const children: ChildProcess[] = [];
afterAll(() => children.forEach((child) => child.kill()));
function started(child: ChildProcess): number {
  children.push(child);
  return child.pid ?? 0;
}

describe('a service', () => {
  it('records what it was started with, before it starts', () => {
    const [put] = unitFile.steps(null);
    expect(put).toMatchObject({
      put: '/etc/systemd/system/etcd.service',
      mode: 0o600,
      content: unit.replace(
        'ExecStart=',
        'ExecStartPre=+/usr/local/lib/hardway/record-start etcd.service /etc/systemd/system/etcd.service /etc/etcd/a.conf /etc/etcd/key\nExecStart=',
      ),
    });
  });

  it('wants exactly what its recorder writes', () => {
    const contents = { [unitFile.path]: contentOf(unitFile), [config.path]: 'a\n', [key.path]: 'secret\n' };
    for (const [path, content] of Object.entries(contents)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const recorder = join(folder, 'record-start');
    const moved = contentOf(startRecorder()).replaceAll('/run/hardway', join(folder, 'run'));
    writeFileSync(recorder, moved, { mode: 0o755 });
    execFileSync(recorder, ['etcd.service', ...Object.keys(contents).map((path) => join(folder, path))]);

    const written = readFileSync(join(folder, 'run/started/etcd.service'), 'utf8').replaceAll(folder, '');
    const digest = createHash('sha256').update(written).digest('hex');
    expect(running.desired).toEqual({ ...fine, 'started with': digest });
  });

  it('must be started again when the content of anything it follows changes', () => {
    const changed = [
      service('etcd', `${unit}# 2\n`, { follows: [config, key] }),
      service('etcd', unit, { follows: [file(config.path, 'b\n'), key] }),
      service('etcd', unit, { follows: [config, file(key.path, 'another\n', { secret: true })] }),
      service('etcd', unit, { follows: [config] }),
    ];
    const digests = [running, ...changed.map(([, each]) => each)].map(
      (each) => each.desired?.['started with'],
    );
    expect(new Set(digests).size).toBe(5);
  });

  it('is enabled only when it is not, and restarted after systemd has read the unit', () => {
    const verbs = (now: Parameters<Resource['steps']>[0]): string[] =>
      running
        .steps(now)
        .map((step) =>
          'run' in step ? (/^systemctl (daemon-reload|enable|reset-failed)/m.exec(step.run)?.[1] ?? '') : '',
        );
    expect(verbs({ ...fine, running: false })).toEqual(['daemon-reload', 'reset-failed']);
    const all = verbs({ ...fine, enabled: false });
    expect(all.at(-1)).toBe('reset-failed');
    expect(all.toSorted()).toEqual(['daemon-reload', 'enable', 'reset-failed']);
  });
});

function contentOf(resource: Resource): string {
  const put = resource.steps(null).find((step) => 'put' in step);
  return put && 'put' in put && typeof put.content === 'string' ? put.content : '';
}
