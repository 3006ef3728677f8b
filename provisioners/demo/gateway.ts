import type { Cluster } from '../../src/cluster/model.ts';
import { sh } from '../../src/connection/quote.ts';
import { applied, ask, type Site } from '../probes/site.ts';
import { kubectl } from '../resources/manifest.ts';
import { type Gateway, route } from './objects.ts';
import { visit } from './visit.ts';

/** Under the page's own host name, through the Gateway; null: the cluster has none. */
export async function throughGateway(
  { network, name }: Cluster,
  site: Site,
): Promise<{ found: string; url: string } | null> {
  const gateway = await gatewayOf(site);
  if (gateway === null) return null;
  const host = `demo.${name}.${network.dns.domain}`;
  await ask(site, 'making the way through the Gateway', applied([route(host, gateway)]));
  const visitor = await visit(site, `${gateway.address}:${gateway.port}`, host);
  const port = gateway.port === 80 ? '' : `:${gateway.port}`;
  return {
    found: `visitor ${visitor} came through the Gateway ${gateway.name}; in /etc/hosts of this computer: ${gateway.address} ${host}`,
    url: `http://${host}${port}/`,
  };
}

const COLUMNS =
  '{range .items[*]}{.metadata.namespace}|{.metadata.name}|{.status.addresses[0].value}|{.spec.listeners[?(@.protocol=="HTTP")].port}{"\\n"}{end}';

async function gatewayOf(site: Site): Promise<Gateway | null> {
  const said = await ask(
    site,
    'asking for Gateways',
    sh`${kubectl} get gateways.gateway.networking.k8s.io --all-namespaces --request-timeout=10s -o jsonpath=${COLUMNS} 2>/dev/null; true`,
  );
  const [namespace = '', name = '', address = '', ports = ''] = said.trim().split('\n')[0]?.split('|') ?? [];
  const [port = '80'] = ports.split(' ');
  return address === '' ? null : { namespace, name, address, port: Number(port) };
}
