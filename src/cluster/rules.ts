/** What no schema can say: rules over several fields at once. */
import { addonFindings } from './addon-rules.ts';
import { addressFindings } from './address-rules.ts';
import { controlPlaneFindings } from './control-plane-rules.ts';
import type { Description, Judged } from './description.ts';
import { secondsIn } from './duration.ts';
import { kubeadmFindings } from './kubeadm-rules.ts';
import { endpointFindings } from './endpoint-rules.ts';
import { labelFindings } from './label-rules.ts';
import { networkFindings } from './network-rules.ts';
import { nodeFindings } from './node-rules.ts';
import type { Finding } from './problem.ts';
import { rangeFindings, smallestMachineRange } from './range-rules.ts';
import { parseRange, size } from './ranges.ts';
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

function lifetimeFindings({ pki }: Judged<Settings>): readonly Finding[] {
  const { leafValidity, caValidity } = pki ?? {};
  if (leafValidity === undefined || caValidity === undefined) return [];
  if (secondsIn(leafValidity) <= secondsIn(caValidity)) return [];
  const message = `${leafValidity} is longer than the ${caValidity} of the authorities that sign (pki.caValidity)`;
  return [{ path: ['pki', 'leafValidity'], at: 'value', message }];
}
