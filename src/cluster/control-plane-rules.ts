import type { Judged } from './description.ts';
import { nodePortsOf, ownerOf } from './machine-ports.ts';
import { areMastersNodes } from './nodes.ts';
import type { Finding } from './problem.ts';
import { isBrokenAddress } from './ranges.ts';
import type { Settings } from './settings.ts';

export function controlPlaneFindings(settings: Judged<Settings>): readonly Finding[] {
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
