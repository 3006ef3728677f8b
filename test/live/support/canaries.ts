import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from './lab.ts';

/** Every secret of a lab by its name, in all forms in which it may travel. */
export type Canaries = ReadonlyMap<string, readonly string[]>;

const LARGE = 4 * 1024 * 1024;

/** Reads them where they belong: in the state directory. */
export function canariesOf(lab: Lab): Canaries {
  const state = join(lab.folder, '.hardway');
  const read = (name: string): string => readFileSync(join(state, name), 'utf8');
  const keys = readdirSync(join(state, 'pki'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.key'),
  );
  const encryption = JSON.parse(read('encryption-key')) as { name: string; secret: string }[];
  const embedded = /client-key-data: (\S+)/.exec(read('kubeconfig'))?.[1] ?? '';
  const raw: [string, string][] = [
    ['cluster-token', read('cluster-token').trim().split('.')[1] ?? ''],
    ...encryption.map(({ name, secret }): [string, string] => [`encryption ${name}`, secret]),
    ['kubeconfig', keyLine(Buffer.from(embedded, 'base64').toString())],
    ...keys.map((name): [string, string] => [`pki/${name}`, keyLine(read(join('pki', name)))]),
  ];
  return new Map(raw.map(([name, secret]) => [name, formsOf(secret)]));
}

/** The first line of a private key is the same for all that are of one kind. */
const keyLine = (pem: string): string => pem.split('\n')[2] ?? '';

/** As it is, for a URL, and within the base64 of a longer text, which may begin at three offsets. */
export function formsOf(secret: string): string[] {
  if (secret.length < 16) throw new Error('too short to be looked for');
  const inside = [0, 1, 2].map((offset) => {
    const base64 = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]).toString('base64');
    return base64.slice(offset === 0 ? 0 : 4, -4);
  });
  return [...new Set([secret, encodeURIComponent(secret), ...inside])];
}

export const found = (canaries: Canaries, text: string): string[] =>
  [...canaries].filter(([, forms]) => forms.some((form) => text.includes(form))).map(([name]) => name);

/** Every file below a folder that holds one, as `path: name`. */
export function filesWith(canaries: Canaries, folder: string, skip: readonly string[]): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (skip.includes(entry.name)) return [];
    if (entry.isDirectory()) return filesWith(canaries, path, skip);
    if (!entry.isFile()) return [];
    return found(canaries, contentOf(path)).map((name) => `${path}: ${name}`);
  });
}

/** No secret makes a large file. Somebody else may remove it meanwhile. */
function contentOf(path: string): string {
  try {
    return statSync(path).size > LARGE ? '' : readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

const patterns = (canaries: Canaries): string => [...canaries.values()].flat().join('\n');

/**
 * In whose arguments or environment one was seen meanwhile, of all processes, those inside containers of this host
 * too. The patterns lie in a closed file: they must not be arguments themselves.
 */
export async function processesWith(
  canaries: Canaries,
  meanwhile: () => Promise<unknown>,
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'watch-'));
  const file = join(folder, 'patterns');
  writeFileSync(file, patterns(canaries), { mode: 0o600 });
  const loop = 'while :; do grep -alsFf "$0" /proc/[0-9]*/cmdline /proc/[0-9]*/environ; sleep 0.02; done';
  const child = spawn('sh', ['-c', loop, file], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let seen = '';
  child.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  try {
    await meanwhile();
  } finally {
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  }
  return [...new Set(seen.split('\n'))].filter((line) => line !== '');
}

/** Where on a machine somebody finds one who should not, as `place: what`. */
export async function leaksOn(lab: Lab, machine: string, canaries: Canaries): Promise<string[]> {
  const { ok, stdout, stderr } = await lab.on(
    machine,
    `umask 077; cat > /run/canaries <<'EOF'\n${patterns(canaries)}\nEOF
journalctl --no-pager -o cat | grep -acFf /run/canaries | sed 's/^/journal: /'
systemctl show '*' | grep -acFf /run/canaries | sed 's/^/units: /'
grep -arlsFf /run/canaries /var/log | sed 's/^/log: /'
find / /tmp /run /dev/shm -xdev -type f -perm /004 -size -4096k ! -path '/proc/*' -print0 | xargs -0 grep -alsFf /run/canaries | sed 's/^/open to all: /'
find /tmp /var/tmp /run /dev/shm -xdev -type f ! -path /run/canaries -print0 | xargs -0 grep -alsFf /run/canaries | sed 's/^/left behind: /'
grep -arlsFf /run/canaries /root /home | sed 's/^/home: /'
rm /run/canaries; echo looked`,
  );
  if (!ok || !stdout.endsWith('looked\n')) throw new Error(`${machine}: ${stderr}`);
  return stdout.split('\n').filter((line) => !['', 'looked', 'journal: 0', 'units: 0'].includes(line));
}
