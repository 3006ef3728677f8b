import { existsSync } from 'node:fs';
import { clientProgram, kubeconfigOf } from '../client.ts';
import { inherit } from '../child.ts';
import { exitCode } from '../exit-codes.ts';
import type { Product } from '../product.ts';
import { reportFor } from '../reporting.ts';
import { openSession } from '../session.ts';
import { type Given, type HandsOver, type Verb, verb } from '../verb.ts';

/** What of it is ours; everything else is kubectl's own. */
const FETCH = 'fetch';

const kubectlsOwn: HandsOver = (behind) =>
  behind[0] === FETCH ? { own: behind, rest: [] } : { own: [], rest: behind };

export const kubectl = (product: Product): Verb =>
  verb(
    'kubectl [action]',
    'Run kubectl on this cluster, with all its own arguments; kubectl fetch brings it to this computer',
    (yargs) =>
      yargs
        .version(false)
        .positional('action', {
          choices: [FETCH],
          describe: 'bring the version that fits the cluster; anything else is given to kubectl',
        })
        .option('to', { type: 'string', describe: 'fetch: a folder that is to hold it too' })
        .option('version', { type: 'string', describe: 'fetch: another version, one minor away at most' })
        .option('from', { type: 'string', describe: 'fetch: a mirror of https://dl.k8s.io' })
        .example('$0 kubectl get pods -A', 'as kubectl itself')
        .example('$0 kubectl fetch --to ~/bin', 'for this system and CPU, verified'),
    (given) => (given['action'] === FETCH ? fetch(product, given) : run(product, given)),
    kubectlsOwn,
  );

/** What works without a cluster. */
const ALONE = ['--help', '-h', 'help', 'completion', 'options'];

async function run(product: Product, given: Given): Promise<number> {
  const { cluster, state } = openSession(given);
  const { rest = [] } = given;
  const { client } = await product.hand();
  const config = rest.some((word) => ALONE.includes(word)) ? state.path('kubeconfig') : kubeconfigOf(state);
  return inherit(await clientProgram(client, cluster), rest, { KUBECONFIG: config });
}

async function fetch(product: Product, given: Given): Promise<number> {
  const { cluster, state } = openSession(given);
  const [{ client }, { fetchClient }] = await Promise.all([product.hand(), import('../fetch-client.ts')]);
  const said = (name: string) => (typeof given[name] === 'string' ? { [name]: given[name] } : {});
  const request = { ...said('version'), ...said('to'), ...said('from') };
  const report = reportFor(given);
  const program = await fetchClient(client, cluster, request, report);
  const config = state.path('kubeconfig');
  if (existsSync(config)) return inherit(program, client.listing, { KUBECONFIG: config });
  report({ type: 'note', text: 'there is no cluster yet to list the nodes of: hardway up makes it' });
  return exitCode.done;
}
