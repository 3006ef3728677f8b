import { createHash } from 'node:crypto';
import { sh, type Script } from '../connection/quote.ts';
import type { Batch, Resource, State } from '../engine/resource.ts';
import { file, type FileResource } from './file.ts';

/** Where a starting service writes the digests of the files it starts from; gone at reboot, like the process. */
export const STARTED = '/run/hardway/started';
export const RECORDER = '/usr/local/lib/hardway/record-start';

/** Called by each unit before it starts; a restart is thereby drift that anybody can see, not an event. */
export const startRecorder = (): FileResource =>
  file(
    RECORDER,
    `#!/bin/sh
# record-start <unit> <file>...: remembers which configuration a service was started with.
unit=$1; shift
mkdir -p ${STARTED}
sha256sum "$@" > ${STARTED}/.$unit && mv ${STARTED}/.$unit ${STARTED}/$unit
`,
    { mode: 0o755, why: 'Lets every run see whether a daemon still runs with an older configuration.' },
  );

const services: Batch = {
  name: 'service',
  script: (
    asks,
  ) => sh`systemctl show --property=Id,ActiveState,SubState,UnitFileState,NeedDaemonReload,MainPID ${asks}
echo
for pid in $(systemctl show --property=MainPID --value ${asks}); do set -- "$@" "/proc/$pid/exe"; done
stat -c 'exe|%N' "$@" 2>/dev/null
cd ${STARTED} 2>/dev/null && sha256sum * 2>/dev/null
true`,
  answers: (output, asks) => {
    const found = new Map(
      output
        .split('\n\n')
        .map((text) => properties(text))
        .map((unit) => [unit['Id'] ?? '', unit]),
    );
    const replaced = [...output.matchAll(/^exe\|'\/proc\/(\d+)\/exe' -> '.* \(deleted\)'$/gm)].map(
      ([, pid]) => pid,
    );
    const started = new Map(
      [...output.matchAll(/^([0-9a-f]{64}) [ *](.*)$/gm)].map(([, digest, unit]) => [unit, digest]),
    );
    return asks.map((id) => {
      const unit = found.get(id);
      if (unit === undefined) return null;
      return JSON.stringify({
        ...unit,
        replaced: replaced.includes(unit['MainPID']),
        started: started.get(id) ?? '',
      });
    });
  },
};

/** KEY=value lines. */
const properties = (text: string): Record<string, string> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

function parseService(answer: string | null): State | null {
  const seen = JSON.parse(answer ?? '{}') as Record<string, string | boolean>;
  const state = seen['ActiveState'];
  const starting = state === 'activating' && seen['SubState'] !== 'auto-restart';
  return {
    enabled: seen['UnitFileState'] === 'enabled',
    running: state === 'active' || state === 'reloading' || starting,
    'unit reloaded': seen['NeedDaemonReload'] !== 'yes',
    'runs replaced program': seen['replaced'] === true,
    'started with': String(seen['started'] ?? ''),
  };
}

export interface ServiceOptions {
  /** Configuration the running process must have been started with; the unit file counts by itself. */
  readonly follows: readonly FileResource[];
  readonly why?: string;
  /** What others feel while it restarts; it is always said that it restarts. */
  readonly interrupts?: string;
}

/** A unit file of ours and the service that runs from it: enabled, running, and with today's configuration. */
export function service(name: string, unit: string, options: ServiceOptions): [FileResource, Resource] {
  const id = `${name}.service`;
  const path = `/etc/systemd/system/${id}`;
  const paths = [path, ...options.follows.map((followed) => followed.path)];
  const unitFile = reloading(file(path, withRecorder(id, unit, paths), { mode: 0o600 }));
  return [unitFile, running(id, [unitFile, ...options.follows], options)];
}

/** systemd reads a changed unit file only when told; once a stage is enough. */
const reloading = (unitFile: FileResource): FileResource => ({
  ...unitFile,
  steps: (now) => [...unitFile.steps(now), { run: sh`systemctl daemon-reload` }],
});

function withRecorder(id: string, unit: string, paths: readonly string[]): string {
  const record = `ExecStartPre=+${RECORDER} ${id} ${paths.join(' ')}`;
  return unit.replace(/^ExecStart=/m, `${record}\nExecStart=`);
}

function running(
  id: string,
  follows: readonly FileResource[],
  { why, interrupts }: ServiceOptions,
): Resource {
  const lines = follows.map(({ sha256, path }) => `${sha256}  ${path}\n`).join('');
  const desired: State = {
    enabled: true,
    running: true,
    'unit reloaded': true,
    'runs replaced program': false,
    'started with': createHash('sha256').update(lines).digest('hex'),
  };
  return {
    id: `service:${id}`,
    desired,
    question: { batch: services, ask: id, parse: parseService },
    steps: (now) => [
      ...(now?.['enabled'] === true ? [] : [{ run: sh`systemctl enable --quiet --no-reload ${id}` }]),
      { run: sh`systemctl daemon-reload` },
      ...(mustRestart(now, desired) ? [{ run: restart(id) }] : []),
    ],
    evidence: sh`journalctl _SYSTEMD_UNIT=${id} --lines=5 --output=cat --no-pager`,
    disturbs: (now) =>
      now?.['running'] === true && mustRestart(now, desired)
        ? [`restarts ${id}${interrupts === undefined ? '' : `: ${interrupts}`}`]
        : [],
    ...(why === undefined ? {} : { why }),
  };
}

const mustRestart = (now: State | null, desired: State): boolean =>
  ['running', 'runs replaced program', 'started with'].some((key) => now?.[key] !== desired[key]);

/** Does not wait for readiness (that is what `settle` is for), only until the new process has begun. */
const restart = (id: string): Script => sh`rm -f ${`${STARTED}/${id}`}
systemctl reset-failed ${id} 2>/dev/null || true
systemctl restart --no-block ${id}
tries=0
until [ -e ${`${STARTED}/${id}`} ] && systemctl show --property=MainPID ${id} | grep -qv '=0$'; do
  tries=$((tries + 1))
  if [ $tries -gt 1800 ]; then echo ${`${id} did not begin to start within 90 s`}; systemctl status --no-pager --lines=10 ${id}; exit 1; fi
  sleep 0.05
done`;
