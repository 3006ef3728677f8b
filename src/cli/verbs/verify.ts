import { UsageError } from '../../errors.ts';
import { redact, redactedJson } from '../../report/redact.ts';
import type { Check } from '../check.ts';
import { exitCode } from '../exit-codes.ts';
import { isWell, told } from '../findings.ts';
import { present } from '../present.ts';
import type { Proven } from '../probe.ts';
import type { Product } from '../product.ts';
import { openSession, type Session } from '../session.ts';
import { type Given, type Verb, verb } from '../verb.ts';
import { verify as ask } from '../verify.ts';

export const verify = (product: Product): Verb =>
  verb(
    'verify [what]',
    'Prove that the cluster does what it should; by name also that its machines are closed (exit 1: not)',
    (yargs) =>
      yargs
        .positional('what', { type: 'string', describe: 'one probe, ports or security; default: all probes' })
        .example('$0 verify', 'pods on every node try everything, and are taken away again')
        .example('$0 verify pods', 'one probe: nodes, etcd, components, dns, pods, services, nodeports, …')
        .example('$0 verify ports', 'who listens beyond loopback, and what strangers are told')
        .example('$0 verify --verbose', 'also each thing that is well'),
    async (given) => {
      const session = openSession(given);
      try {
        const [checks, probes] = await Promise.all([product.checks(), product.probes()]);
        const all = describedIn(checks, probes.describe);
        const wanted =
          given['what'] === undefined ? Object.keys(probes.describe) : chosen(all, given['what']);
        const [proven, verified] = await Promise.all([
          prove(
            product,
            session,
            given,
            wanted.filter((name) => Object.hasOwn(probes.describe, name)),
          ),
          ask(session, Object.fromEntries(Object.entries(checks).filter(([name]) => wanted.includes(name)))),
        ]);
        const found = {
          ...verified,
          findings: [...proven.findings, ...verified.findings],
          sums: proven.sums,
        };
        const text = given.json ? redactedJson(found) : redact(told(found, given));
        process.stdout.write(`${text}\n`);
        return isWell(found) ? exitCode.done : exitCode.failed;
      } finally {
        await session.close();
      }
    },
  );

const describedIn = (
  checks: Readonly<Record<string, Check>>,
  probes: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  ...probes,
  ...Object.fromEntries(Object.entries(checks).map(([name, { describe }]) => [name, describe])),
});

function chosen(all: Readonly<Record<string, string>>, what: unknown): readonly string[] {
  const name = String(what);
  if (Object.hasOwn(all, name)) return [name];
  const known = Object.entries(all).map(([one, describe]) => `${one} (${describe})`);
  throw new UsageError(`there is no check ${name}`, { remedy: `There are: ${known.join(', ')}.` });
}

/** Nobody else works on the cluster meanwhile. Machines that are not there prove nothing, and are named elsewhere. */
async function prove(
  product: Product,
  session: Session,
  given: Given,
  wanted: readonly string[],
): Promise<Proven> {
  const machines = wanted.length === 0 ? new Map() : await present(session);
  if (machines.size === 0) return { findings: [], sums: {} };
  const { undertaken } = await import('../undertaking.ts');
  const probes = await product.probes();
  return undertaken(session, given, 'verify', (by) => probes.run(session.cluster, machines, wanted, by));
}
