import type { Cluster } from '../../../src/cluster/model.ts';
import { rolledOut, workloadReady } from '../../rollouts.ts';
import { apiName } from '../../endpoint.ts';
import type { Manifest } from '../../resources/manifest.ts';
import type { Addon, AddonScope } from '../addon.ts';
import { definitions } from '../definitions.ts';

const namespace = 'kube-system';

/** The plug-in of network.cni cilium, as its authors' chart renders it; the machines fetch its images. */
export const cilium: Addon = {
  describe: 'connects pods, makes NetworkPolicies hold, does the work of kube-proxy (network.cni cilium)',
  images: [],
  objects: ({ cluster }: AddonScope) =>
    definitions('cilium/objects.json').map((object) => configured(atApi(object, cluster), cluster)),
  health: (cluster: Cluster) => [
    workloadReady(cluster, 'DaemonSet', namespace, 'cilium'),
    rolledOut(cluster, namespace, 'cilium-operator'),
  ],
};

/** Its pods do without the Service of the API, which they may be the ones to make. */
const atApi = (object: Manifest, cluster: Cluster): Manifest =>
  JSON.parse(
    JSON.stringify(object)
      .replaceAll('"api.invalid"', JSON.stringify(apiName(cluster)))
      .replaceAll('"6443"', JSON.stringify(String(cluster.controlPlane.port))),
  ) as Manifest;

const configured = (object: Manifest, { name, network }: Cluster): Manifest =>
  object.metadata.name === 'cilium-config'
    ? {
        ...object,
        data: {
          ...(object['data'] as object),
          'cluster-name': name,
          'kube-proxy-replacement': String(network.kubeProxy === 'disabled'),
        },
      }
    : object;
