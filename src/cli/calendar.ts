import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Connection } from '../connection/connection.ts';
import { MachineError } from '../errors.ts';
import type { State } from '../state/directory.ts';
import { present } from './present.ts';
import type { PkiKnowledge } from './product.ts';
import type { Session } from './session.ts';

/** A certificate as it was found in one place. */
export interface Expiring {
  /** The file. */
  readonly place: string;
  /** "CN=kube-apiserver" */
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  /** SHA-256, upper-case hex with colons. */
  readonly fingerprint: string;
  /** ISO 8601. */
  readonly begins: string;
  readonly ends: string;
  readonly isAuthority: boolean;
  readonly pem: string;
  /** What makes the next one. */
  readonly renewal: string;
}

/** `machine` empty: the operator's side. */
export type Entry = Expiring & { readonly machine: string };

export interface Calendar {
  /** The first to expire first. */
  readonly entries: readonly Entry[];
  /** Machines of cluster.json that could not be asked. */
  readonly absent: readonly string[];
}

/** Every certificate on every machine that is there, and on the operator's side. */
export async function calendar(
  pki: PkiKnowledge,
  session: Session,
  there?: ReadonlyMap<string, Connection>,
): Promise<Calendar> {
  there ??= await present(session);
  const found = await Promise.all(
    [...there].map(async ([machine, connection]) =>
      pki.readCalendar(await printed(machine, connection, pki)).map((one) => ({ machine, ...one })),
    ),
  );
  const own = pki
    .readCalendar(ownFiles(session.state))
    .map((one) => ({ machine: '', ...one, place: relative(session.folder, one.place) }));
  const names = session.cluster.nodes.map(({ name }) => name);
  return {
    entries: [...own, ...found.flat()].sort((a, b) => a.ends.localeCompare(b.ends)),
    absent: names.filter((name) => !there.has(name)),
  };
}

/** Below this part of its life somebody should have renewed a certificate long ago. */
const LATE = 1 / 10;

/** The certificate that ends first, and what is to be said when that is soon. */
export function firstToEnd(
  entries: readonly Entry[],
  now = Date.now(),
): { first: Entry | null; problem: string | null } {
  const [first = null] = entries;
  if (first === null) return { first, problem: null };
  const [begins, ends] = [Date.parse(first.begins), Date.parse(first.ends)];
  if (ends - now > (ends - begins) * LATE) return { first, problem: null };
  const where = `${first.machine === '' ? 'here' : first.machine}: ${first.place}`;
  const end = ends > now ? `ends on ${first.ends}` : `has expired on ${first.ends}`;
  return {
    first,
    problem: `the certificate of ${first.subject} (${where}) ${end}; renewed by: ${first.renewal}`,
  };
}

async function printed(machine: string, connection: Connection, pki: PkiKnowledge): Promise<string> {
  const { ok, stdout, stderr, outcome } = await connection.run(pki.calendar, { limit: 30 });
  if (ok) return stdout;
  throw new MachineError(machine, `could not be asked for its certificates (${outcome})`, {
    evidence: stderr.split('\n').slice(-5),
    remedy: 'Run again; nothing was changed by asking.',
  });
}

const EMBEDDED = /(?:client-certificate|certificate-authority)-data: *"?([A-Za-z0-9+/=]+)/g;

/** What the state directory holds, in the form in which machines print theirs. */
function ownFiles(state: State): string {
  const folder = state.path('pki');
  const certificates = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.crt'))
    : [];
  const names = [...certificates.sort().map((name) => `pki/${name}`), 'kubeconfig'];
  return names
    .map((name) => state.path(name))
    .filter((path) => existsSync(path))
    .map((path) => {
      const text = readFileSync(path, 'utf8');
      const embedded = [...text.matchAll(EMBEDDED)].map(([, data]) => `data|${data}\n`);
      return `file|${path}\n${text}\n${embedded.join('')}`;
    })
    .join('');
}
