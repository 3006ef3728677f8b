/** What no schema can say: rules over several fields at once. */
import { addonFindings } from './addon-rules.ts';
import { addressFindings } from './address-rules.ts';
import type { Description, Judged } from './description.ts';
import { secondsIn } from './duration.ts';
import { kubeadmFindings } from './kubeadm-rules.ts';
import { endpointFindings } from './endpoint-rules.ts';
import { labelFindings } from './label-rules.ts';
import { networkFindings } from './network-rules.ts';
import { nodePortsOf, ownerOf } from './machine-ports.ts';
import { nodeFindings } from './node-rules.ts';
import { areMastersNodes } from './nodes.ts';
import type { Finding } from './problem.ts';
import { rangeFindings, smallestMachineRange } from './range-rules.ts';
import { isBrokenAddress, parseRange, size } from './ranges.ts';
import type { Range } from './ranges.ts';
import { roleFindings } from './role-rules.ts';
import { settle } from './settings.ts';
import type { Settings } from './settings.ts';

/** Takes what the schema left standing (see standing.ts); says nothing about parts that are wrong already. */
export function ruleFindings(written: Judged<Description>): readonly Finding[] {
  const settings = settle(written as Description) as Judged<Settings>;
  const entries = settings.nodes ?? [];
  return [
    ...rangeFindings(settings, written),
    ...networkFindings(settings, written),
    ...(settings.nodes === undefined ? [] : roleFindings(entries, settings)),
    ...nodeFindings(entries, machineRange(settings)),
    ...labelFindings(entries, settings),
    ...addressFindings(entries, machineRange(settings)),
    ...controlPlaneFindings(settings),
    ...endpointFindings(settings, entries, machineRange(settings)),
    ...lifetimeFindings(settings),
    ...kubeadmFindings(settings, written),
    ...addonFindings(settings, machineRange(settings)),
  ];
}

/** Undefined when it is wrong, or too small to judge addresses by. */
function machineRange({ network }: Judged<Settings>): Range | undefined {
  const range = network?.machineCidr === undefined ? undefined : parseRange(network.machineCidr);
  return range && size(range) >= smallestMachineRange ? range : undefined;
}

function controlPlaneFindings(settings: Judged<Settings>): readonly Finding[] {
  const { controlPlane, network } = settings;
  const findings: Finding[] = [];
  const port = controlPlane?.port ?? 0;
  const owner = nodePortsOf(network)?.has(port)
    ? `service node ports (network.nodePortRange ${network?.nodePortRange})`
    : ownerOf(port, network);
  if (owner !== undefined) {
    const message = `${port} belongs to ${owner}`;
    const allowed = 'another one, such as 6443';
    findings.push({ path: ['controlPlane', 'port'], at: 'value', message, allowed });
  }
  if (controlPlane?.schedulable === true && !areMastersNodes(settings)) {
    const message = 'no pod comes to masters that are no nodes (controlPlane.registerNode false)';
    const allowed = 'false; or registerNode true';
    findings.push({ path: ['controlPlane', 'schedulable'], at: 'value', message, allowed });
  }
  for (const [index, name] of (controlPlane?.sans ?? []).entries()) {
    if (name === undefined || !isBrokenAddress(name)) continue;
    const message = `${name} is no IPv4 address`;
    findings.push({ path: ['controlPlane', 'sans', index], at: 'value', message });
  }
  return findings;
}

function lifetimeFindings({ pki }: Judged<Settings>): readonly Finding[] {
  const { leafValidity, caValidity } = pki ?? {};
  if (leafValidity === undefined || caValidity === undefined) return [];
  if (secondsIn(leafValidity) <= secondsIn(caValidity)) return [];
  const message = `${leafValidity} is longer than the ${caValidity} of the authorities that sign (pki.caValidity)`;
  return [{ path: ['pki', 'leafValidity'], at: 'value', message }];
}
