import { startRecorder } from '../../src/resources/service.ts';
import { type Disk, sha256Of } from './disk.ts';
import { Refusal } from './refusal.ts';

const FOLDER = '/etc/systemd/system';
export const STARTED = '/run/hardway/started';
const recorder = startRecorder();

/** A unit file as systemd has read it. */
interface Definition {
  readonly mtime: number;
  readonly text: string;
}

export interface Process {
  readonly pid: number;
  /** Inode of the program it was started from. */
  readonly inode: number;
  /** What is in its memory: options of its unit, and whatever it learnt since. */
  readonly unit: string;
  readonly learnt: Map<string, string>;
}

interface Unit {
  loaded: Definition | null;
  enabled: boolean;
  /** Somebody wants it to run: tried again for ever. */
  wanted: boolean;
  process: Process | null;
}

const unused: Unit = { loaded: null, enabled: false, wanted: false, process: null };

/** The units of one machine. Programs that cannot run are tried again at each `retry`. */
export class Systemd {
  readonly #disk: Disk;
  readonly #isProgram: (sha256: string) => boolean;
  readonly #units = new Map<string, Unit>();
  #pids = 100;
  /** How often a process was begun: a second run must not raise it. */
  starts = 0;

  constructor(disk: Disk, isProgram: (sha256: string) => boolean) {
    this.#disk = disk;
    this.#isProgram = isProgram;
  }

  ids(): string[] {
    return [...this.#units.keys()];
  }

  process(id: string): Process | null {
    return this.#units.get(id)?.process ?? null;
  }

  /** As `systemctl show` prints it. A unit that nobody uses is read for that; one that changed since is not. */
  show(id: string): string {
    const unit = this.#units.get(id) ?? unused;
    const path = `${FOLDER}/${id}`;
    const file = this.#disk.get(path);
    const state = unit.process ? 'active' : unit.wanted ? 'activating' : 'inactive';
    const sub = unit.process ? 'running' : unit.wanted ? 'auto-restart' : 'dead';
    const stale = unit.loaded !== null && unit.loaded.mtime !== file?.mtime;
    return [
      `MainPID=${unit.process?.pid ?? 0}`,
      `Id=${id}`,
      `ActiveState=${state}`,
      `SubState=${sub}`,
      `UnitFileState=${file ? (unit.enabled ? 'enabled' : 'disabled') : ''}`,
      `NeedDaemonReload=${stale ? 'yes' : 'no'}`,
    ].join('\n');
  }

  /** The program at its path is another one than the one that runs. */
  replaced(id: string): boolean {
    const process = this.process(id);
    return (
      process !== null &&
      !isScript(programOf(process.unit)) &&
      this.#disk.get(programOf(process.unit))?.inode !== process.inode
    );
  }

  isActive(id: string): boolean {
    return this.process(id) !== null;
  }

  /** Not running, but it would be if it could. */
  isTried(id: string): boolean {
    return this.#units.get(id)?.wanted === true && !this.isActive(id);
  }

  enable(id: string): void {
    if (!this.#disk.has(`${FOLDER}/${id}`)) throw new Refusal(1, `unit file ${id} does not exist`);
    this.#unit(id).enabled = true;
  }

  disable(id: string): void {
    this.#unit(id).enabled = false;
  }

  reload(): void {
    for (const [id, unit] of this.#units) unit.loaded = this.#read(id);
  }

  stop(id: string): void {
    const unit = this.#unit(id);
    unit.wanted = false;
    unit.process = null;
  }

  start(id: string): void {
    const unit = this.#unit(id);
    if (unit.loaded === null) throw new Refusal(5, `Unit ${id} not found.`);
    unit.wanted = true;
    this.#begin(id, unit);
  }

  restart(id: string): void {
    this.stop(id);
    this.start(id);
  }

  /** Power gone: no process is left; what is enabled begins again at boot. */
  boot(): void {
    const enabled = [...this.#units].filter(([, unit]) => unit.enabled).map(([id]) => id);
    this.#units.clear();
    for (const id of enabled) {
      const unit = this.#unit(id);
      unit.enabled = true;
      unit.wanted = unit.loaded !== null;
    }
  }

  /** Restart=always; true when something has begun. */
  retry(): boolean {
    const before = this.starts;
    for (const [id, unit] of this.#units) if (unit.wanted && unit.process === null) this.#begin(id, unit);
    return this.starts > before;
  }

  #begin(id: string, unit: Unit): void {
    unit.process = null;
    const definition = unit.loaded?.text ?? '';
    if (!this.#record(id, definition)) return;
    const path = programOf(definition);
    const program = this.#disk.get(path);
    if (program === undefined || (program.mode & 0o100) === 0) return;
    if (!(isScript(path) ? this.#disk.sound(path) : this.#isProgram(program.sha256))) return;
    if (!recordedBy(definition).every((path) => this.#disk.sound(path))) return;
    this.#pids += 1;
    this.starts += 1;
    const learnt = new Map([['files', filesNamedIn(this.#disk, definition, path)]]);
    unit.process = { pid: this.#pids, inode: program.inode, unit: definition, learnt };
  }

  /** ExecStartPre: writes the digests of the files as they are now. It knows the one recorder we install. */
  #record(id: string, definition: string): boolean {
    const tool = this.#disk.get(recorder.path);
    const files = recordedBy(definition);
    const works = tool?.sha256 === recorder.sha256 && (tool.mode & 0o100) !== 0;
    if (!works || files.length === 0 || !files.every((path) => this.#disk.has(path))) return false;
    const sums = files.map((path) => `${this.#disk.get(path)?.sha256}  ${path}\n`);
    this.#disk.overwrite(`${STARTED}/${id}`, sums.join(''));
    return true;
  }

  #unit(id: string): Unit {
    const known = this.#units.get(id);
    if (known !== undefined) {
      known.loaded ??= this.#read(id);
      return known;
    }
    const unit: Unit = { ...unused, loaded: this.#read(id) };
    this.#units.set(id, unit);
    return unit;
  }

  #read(id: string): Definition | null {
    const path = `${FOLDER}/${id}`;
    const file = this.#disk.get(path);
    if (file === undefined || !this.#disk.sound(path)) return null;
    return { mtime: file.mtime, text: this.#disk.text(path) };
  }
}

/** Digest of what the command line tells it to read, but for what it reads again later or a kubelet writes itself. */
export function filesNamedIn(disk: Disk, definition: string, program: string): string {
  const paths = [...definition.matchAll(/[= ](\/(?:etc|var)\/[^\s,]+)/g)].map(([, path = '']) => path);
  const reread = READ_AGAIN[program] ?? /^$/;
  const files = paths.filter(
    (path) => !/\/(bootstrap-)?kubelet\.conf$|^\/etc\/systemd/.test(path) && !reread.test(path),
  );
  return sha256Of(files.map((path) => disk.get(path)?.sha256 ?? '').join());
}

/** Of ours, run by a shell: it may be another one while the old one runs. */
const isScript = (path: string): boolean => path.startsWith('/usr/local/lib/hardway/');

/** Certificates that a program which runs looks at again, for each connection or when they change. */
const READ_AGAIN: Readonly<Record<string, RegExp>> = {
  '/usr/local/bin/etcd': /^\/etc\/etcd\/pki\/(server|peer)\./,
  '/usr/local/bin/kube-apiserver':
    /^\/etc\/kubernetes\/pki\/((front-proxy-)?ca\.crt|(apiserver.*|front-proxy-client)\.(crt|key))$/,
};

const programOf = (definition: string): string => /^ExecStart=(\S+)/m.exec(definition)?.[1] ?? '';

const recordedBy = (definition: string): string[] =>
  (/^ExecStartPre=\+\/usr\/local\/lib\/hardway\/record-start \S+ (.*)$/m.exec(definition)?.[1] ?? '')
    .split(' ')
    .filter((path) => path !== '');

/** The digest by which a service's start is told from another one. */
export const startedWith = (disk: Disk, id: string): string => {
  const record = disk.get(`${STARTED}/${id}`);
  return record?.bytes === undefined || record.bytes === null ? '' : sha256Of(record.bytes);
};

/** `--name=value` of a process, or ''. */
export const option = (process: Process | null, name: string): string =>
  new RegExp(`--${name}=(\\S+)`).exec(process?.unit ?? '')?.[1] ?? '';
