/** What carries pods and Services, and which of it goes together. */
import type { Description, Judged } from './description.ts';
import { nodePortsOf, ownerOf, takenPorts } from './machine-ports.ts';
import { areMastersNodes } from './nodes.ts';
import { BY_IPTABLES, ENFORCING, NEEDING_AGENT, type PlugIn, REPLACING } from './plug-ins.ts';
import type { Finding, Path } from './problem.ts';
import type { Settings } from './settings.ts';

export function networkFindings(
  settings: Judged<Settings>,
  written: Judged<Description>,
): readonly Finding[] {
  const { cni, kubeProxy, policy, flannel } = settings.network ?? {};
  if (cni === undefined) return [];
  return [
    ...(kubeProxy === 'disabled' && !REPLACING.includes(cni)
      ? [wrong('kubeProxy', NOBODY(cni), INSTEAD)]
      : []),
    ...(cni !== 'flannel' && written.network?.flannel !== undefined
      ? [wrong('flannel', `counts only with network.cni flannel; here it is ${cni}`, undefined, 'key')]
      : []),
    ...(policy === true && cni === 'none'
      ? [
          wrong(
            'policy',
            'whether policies hold is for the plug-in that you bring (network.cni none)',
            'false',
          ),
        ]
      : []),
    ...(BY_IPTABLES.includes(cni) && kubeProxy === 'nftables'
      ? [wrong('kubeProxy', `${cni} sets its rules by iptables, and kube-proxy must do so too`, '"iptables"')]
      : []),
    ...unusedVni(cni, flannel?.backend, written),
    ...policyTwice(cni, settings.addons),
    ...policyByNobody(cni, policy, settings.addons),
    ...mastersApart(settings, cni, flannel?.store),
    ...nodePortFindings(settings.network),
  ];
}

/** Ports that the machines' own programs do not need. */
function nodePortFindings(network: Judged<Settings>['network']): readonly Finding[] {
  const range = network?.nodePortRange;
  if (range === undefined) return [];
  const ports = nodePortsOf(network);
  const EXAMPLE = 'such as "30000-32767"';
  if (ports === undefined) return [wrong('nodePortRange', `${range} is no range of ports`, EXAMPLE)];
  const port = takenPorts(network).find(ports.has);
  return port === undefined
    ? []
    : [wrong('nodePortRange', `${port} of the machines belongs to ${ownerOf(port, network)}`, EXAMPLE)];
}

const NOBODY = (cni: string): string => `without kube-proxy nobody makes Services reachable: ${cni} does not`;
const INSTEAD =
  '"nftables" or "iptables"; "disabled" with network.cni cilium or kube-router, or none and a plug-in that does it';

/** Two agents would decide on each packet. */
const policyTwice = (cni: PlugIn, addons: Judged<Settings>['addons']): readonly Finding[] =>
  ENFORCING.includes(cni) && isOn(addons?.['network-policy'])
    ? [
        {
          ...{ path: ['addons', 'network-policy'], at: 'value' },
          message: `${cni} (network.cni) makes NetworkPolicies hold by itself`,
          allowed: 'false',
        },
      ]
    : [];

/** With these the add-on is who makes policies hold. */
const policyByNobody = (
  cni: PlugIn,
  policy: boolean | undefined,
  addons: Judged<Settings>['addons'],
): readonly Finding[] =>
  NEEDING_AGENT.includes(cni) && policy === true && addons?.['network-policy'] === false
    ? [
        {
          ...{ path: ['addons', 'network-policy'], at: 'value' },
          message: `network.policy is true, and with ${cni} it is this add-on that makes NetworkPolicies hold`,
          allowed: 'true, or leave it out; or network.policy false',
        },
      ]
    : [];

const isOn = (value: unknown): boolean => value === true || (typeof value === 'object' && value !== null);

const unusedVni = (
  cni: string,
  backend: string | undefined,
  written: Judged<Description>,
): readonly Finding[] =>
  cni === 'flannel' &&
  backend !== undefined &&
  backend !== 'vxlan' &&
  written.network?.flannel?.vni !== undefined
    ? [
        {
          ...{ path: ['network', 'flannel', 'vni'], at: 'key' },
          message: `counts only with network.flannel.backend vxlan; here it is ${backend}`,
          allowed: 'nothing here; or backend "vxlan"',
        },
      ]
    : [];

/** The API server calls pods: webhooks, and APIs that pods extend it with. */
function mastersApart(
  settings: Judged<Settings>,
  cni: string,
  store: string | undefined,
): readonly Finding[] {
  const isApart = (settings.nodes ?? []).some(
    (entry) => entry?.roles?.includes('master') === true && !entry.roles.includes('minion'),
  );
  const onNodesOnly = (cni === 'flannel' && store === 'kubernetes') || !['flannel', 'routes'].includes(cni);
  if (areMastersNodes(settings) || !isApart || !onNodesOnly) return [];
  const what = cni === 'flannel' ? 'flannel with its store in Kubernetes' : `network.cni ${cni}`;
  return [
    {
      ...{ path: ['controlPlane', 'registerNode'], at: 'value' },
      message: `${what} reaches pods from nodes only, and masters would be none`,
      allowed: 'true; or network.cni routes, or flannel with network.flannel.store etcd',
    },
  ];
}

const wrong = (key: string, message: string, allowed?: string, at: Finding['at'] = 'value'): Finding => ({
  ...{ path: ['network', key] satisfies Path, at, message },
  ...(allowed === undefined ? {} : { allowed }),
});
