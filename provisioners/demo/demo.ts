import type { Demonstration, Telling } from '../../src/cli/demonstration.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { sh } from '../../src/connection/quote.ts';
import { deliver, withdraw } from '../probes/image.ts';
import { applied, ask, clear, refuseStopped, type Site, siteOf } from '../probes/site.ts';
import { defaultClass } from '../probes/storage.ts';
import { together } from '../probes/together.ts';
import { kubectl } from '../resources/manifest.ts';
import { throughGateway } from './gateway.ts';
import { FRONTS, NAMESPACE, objects, PURPOSE } from './objects.ts';
import { addressOf, failed, visit } from './visit.ts';

type Machines = ReadonlyMap<string, Connection>;

export const demonstration: Demonstration = {
  async show(cluster, machines, keep, by) {
    const site = siteOf(cluster, machines, NAMESPACE, by.signal);
    const isWell = await attempted(cluster, machines, site, by);
    if (isWell && keep) by.note('it stays until: hardway demo --remove');
    else await takenAway(cluster, machines, site, by);
    return isWell;
  },
  async remove(cluster, machines, by) {
    await clear(siteOf(cluster, machines, NAMESPACE, by.signal));
    await withdraw(cluster, machines, PURPOSE);
  },
};

async function attempted(cluster: Cluster, machines: Machines, site: Site, by: Telling): Promise<boolean> {
  try {
    await shown(cluster, machines, site, by);
    return true;
  } catch (error) {
    by.tellFailure(error);
    return false;
  }
}

async function takenAway(cluster: Cluster, machines: Machines, site: Site, by: Telling): Promise<void> {
  const began = Date.now();
  await together(clear(site), withdraw(cluster, machines, PURPOSE));
  by.tell({ step: 'gone', found: `the namespace ${NAMESPACE} is gone`, seconds: since(began) });
}

const since = (began: number): number => (Date.now() - began) / 1000;

async function shown(cluster: Cluster, machines: Machines, site: Site, by: Telling): Promise<void> {
  let began = Date.now();
  const told = (step: string, found: string, url?: string): void => {
    by.tell({ step, found, seconds: since(began), ...(url === undefined ? {} : { url }) });
    began = Date.now();
  };
  // What was kept, or left by a call that was killed.
  await together(clear(site), deliver(cluster, machines, PURPOSE, by.report));
  refuseStopped(by.signal);
  const name = await defaultClass(site);
  const place = name === '' ? 'in the pod itself: no StorageClass is the default' : `on a volume of ${name}`;
  await ask(site, 'making the demo', applied(objects(name !== '')));
  told('database', `runs on ${await rolledOut(cluster, site, 'database')}, its data ${place}`);
  told('front', `${FRONTS} replicas run on ${await rolledOut(cluster, site, 'front')}`);

  const address = await addressOf(site);
  const [first, second] = [await visit(site, address), await visit(site, address)];
  if (second !== first + 1) throw await failed(site, `visitor ${first} was followed by visitor ${second}`);
  told('count', `the page wrote to the database and read it back: visitor ${first}, then ${second}`);

  await ask(site, 'ending the pod of the database', replaced);
  const node = await rolledOut(cluster, site, 'database');
  const third = await visit(site, address);
  const wanted = name === '' ? 1 : second + 1;
  if (third !== wanted)
    throw await failed(
      site,
      `after another pod took over, visitor ${wanted} was expected, and ${third} came`,
    );
  told(
    'data',
    name === ''
      ? `without a volume it ended with its pod: visitor ${third} again`
      : `outlived its pod: the new one on ${node} goes on with visitor ${third}`,
  );
  const page = await throughGateway(cluster, site);
  if (page !== null) told('page', page.found, page.url);
}

const replaced = sh`${kubectl} delete pods --namespace ${NAMESPACE} --selector=demo=database --request-timeout=30s >/dev/null`;

/** Waits; returns the nodes on which it runs. */
async function rolledOut({ timeouts }: Cluster, site: Site, name: string): Promise<string> {
  const limit = timeouts['rollout'] ?? 120;
  const script = sh`${kubectl} rollout status deployment/${name} --namespace ${NAMESPACE} --timeout=${`${limit}s`} >/dev/null 2>&1 || exit 9
${kubectl} get pods --namespace ${NAMESPACE} --selector=${`demo=${name}`} --request-timeout=10s -o jsonpath='{range .items[*]}{.spec.nodeName}{"\\n"}{end}' | sort -u`;
  refuseStopped(site.signal);
  const result = await site.connection.run(script, { limit: limit + 20, signal: site.signal });
  refuseStopped(site.signal);
  if (!result.ok) throw await failed(site, `the ${name} did not come up within ${limit} s`);
  return result.stdout.trim().split('\n').join(', ');
}
