import type { Cluster, Role } from '../src/cluster/model.ts';
import type { Connection, Result } from '../src/connection/connection.ts';
import { type Script, sh } from '../src/connection/quote.ts';
import { refuseLost } from '../src/engine/lost.ts';
import { check } from '../src/engine/settle.ts';
import { MachineError } from '../src/errors.ts';
import type { EncryptionKey } from '../src/state/encryption-keys.ts';
import { apiServerReady } from './conditions.ts';
import { prefixOf } from './encryption.ts';
import { etcdctl } from './etcdctl.ts';
import { kubectl } from './resources/manifest.ts';
import { byRole } from './scope.ts';

type Machines = ReadonlyMap<string, Connection>;

/** Somebody may write a Secret between our reading and our writing it: that one is tried again. */
const ATTEMPTS = 5;

/**
 * Has the API server write every Secret again, until each value in etcd begins with the key's prefix. Returns how many
 * there are; throws MachineError with the names of those that resist.
 */
export async function rewriteSecrets(
  cluster: Cluster,
  machines: Machines,
  key: EncryptionKey,
): Promise<number> {
  const [master, member] = [one(cluster, machines, 'master'), one(cluster, machines, 'etcd')];
  let failed = '';
  for (let attempt = 1; ; attempt += 1) {
    const { stderr } = await asked(master, rewrite, 'while Secrets were written again', () => true);
    failed = stderr;
    const { stdout } = await asked(member, look, 'while the database was looked at', ({ ok }) => ok);
    const values = valuesIn(stdout);
    const others = values.filter(({ begins }) => !begins.startsWith(prefixOf(key)));
    if (others.length === 0) return values.length;
    if (attempt < ATTEMPTS) continue;
    throw new MachineError(
      master.name,
      `${others.length} of ${values.length} Secrets are not encrypted with ${key.name}`,
      {
        evidence: [...others.slice(0, 5).map(({ name }) => name), ...failed.trim().split('\n').slice(-3)],
        remedy: 'They stay readable. Write or remove them, then: hardway security rotate-key.',
      },
    );
  }
}

interface There {
  readonly name: string;
  readonly connection: Connection;
}

function one(cluster: Cluster, machines: Machines, role: Role): There {
  const nodes = byRole(cluster, role);
  const found = nodes.flatMap(({ name }) => {
    const connection = machines.get(name);
    return connection === undefined ? [] : [{ name, connection }];
  })[0];
  if (found === undefined) throw new MachineError(nodes[0]?.name ?? role, 'is not there');
  return found;
}

/** On all masters, each with the keys it was just given. */
export async function ready(cluster: Cluster, machines: Machines): Promise<void> {
  const condition = apiServerReady(cluster);
  await Promise.all(
    condition.on.map(async (name) => {
      const connection = machines.get(name);
      const answer = connection && (await check(name, connection, condition, condition.limit));
      if (answer?.met !== true)
        throw new MachineError(name, `waited for ${condition.description}: ${answer?.reason ?? 'not there'}`);
    }),
  );
}

async function asked(
  { name, connection }: There,
  script: Script,
  during: string,
  isGood: (result: Result) => boolean,
): Promise<Result> {
  const result = await connection.run(script, { limit: 600 });
  refuseLost(name, result, during);
  if (isGood(result)) return result;
  throw new MachineError(name, `failed ${during}`, { evidence: result.stderr.trim().split('\n').slice(-5) });
}

/** They do not leave the machine. Whoever changed one meanwhile wins: ours is refused as outdated. */
const rewrite = sh`${kubectl} get secrets --all-namespaces -o json | ${kubectl} replace --validate=false -f - >/dev/null`;

/** The first 33 bytes of each value: no Secret has content there, encrypted or not. */
const look = sh`all=$(${etcdctl} get --prefix /registry/secrets/ -w json) || exit 1
printf '%s' "$all" | tr '{' '\\n' | sed -n 's/.*"key":"\\([^"]*\\)".*"value":"\\([^"]\\{0,44\\}\\).*/\\1 \\2/p'`;

interface Stored {
  readonly name: string;
  readonly begins: string;
}

const valuesIn = (output: string): Stored[] =>
  output
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(' ').map((text) => Buffer.from(text, 'base64').toString('latin1')))
    .map(([name = '', begins = '']) => ({ name: name.replace('/registry/secrets/', ''), begins }));
