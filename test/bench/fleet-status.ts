import type { ApiObject } from '../model/api.ts';

/** As kubelets and controllers report; the model itself has no use for it. */
export function withStatus(object: ApiObject): ApiObject {
  if (object.kind === 'Node') return { ...object, status: nodeStatus };
  if (object.kind !== 'Deployment') return object;
  const { replicas } = object['spec'] as { replicas: number };
  const status = { observedGeneration: 1, replicas, updatedReplicas: replicas, readyReplicas: replicas };
  return { ...object, metadata: { ...object.metadata, ...{ generation: 1 } }, status };
}

const nodeStatus = {
  conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => ({
    ...{ type, status: type === 'Ready' ? 'True' : 'False', reason: `Kubelet${type}`, message: type },
    ...{ lastHeartbeatTime: '2026-01-01T00:00:00Z', lastTransitionTime: '2026-01-01T00:00:00Z' },
  })),
  nodeInfo: { kubeletVersion: 'v1.36.4', osImage: 'Debian GNU/Linux 12 (bookworm)', architecture: 'amd64' },
  addresses: [{ type: 'InternalIP', address: '10.77.1.1' }],
  // What a kubelet tells of its images makes most of a Node.
  images: Array.from({ length: 10 }, (_, index) => ({
    names: [`registry.example.org/image-${index}@sha256:${'0'.repeat(64)}`],
    sizeBytes: 10_000_000,
  })),
};
