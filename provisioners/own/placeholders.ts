import type { Cluster } from '../../src/cluster/model.ts';

/** What a manifest may take from cluster.json: `${HARDWAY_DOMAIN}`. Any other `${…}` is left alone. */
const values: Readonly<Record<string, (cluster: Cluster) => string>> = {
  HARDWAY_CLUSTER: ({ name }) => name,
  HARDWAY_DOMAIN: ({ network }) => network.dns.domain,
  HARDWAY_DNS: ({ network }) => network.dns.serviceIP,
  HARDWAY_POD_CIDR: ({ network }) => network.podCidr,
  HARDWAY_SERVICE_CIDR: ({ network }) => network.serviceCidr,
  HARDWAY_MACHINE_CIDR: ({ network }) => network.machineCidr,
};

const PLACEHOLDER = /\$\{(HARDWAY_\w*)\}/g;

/** The text with the cluster's values in place of their names; unknown ones stay. */
export const fillPlaceholders = (text: string, cluster: Cluster): string =>
  text.replace(PLACEHOLDER, (whole, name: string) => values[name]?.(cluster) ?? whole);

/** A placeholder that nothing has filled, and its line. */
export function placeholderProblem(text: string): { line: number; message: string } | null {
  const [found] = text.matchAll(PLACEHOLDER);
  if (found === undefined) return null;
  const line = text.slice(0, found.index).split('\n').length;
  return {
    line,
    message: `${found[0]} is nothing that can be filled in; there are: ${Object.keys(values).join(', ')}`,
  };
}
