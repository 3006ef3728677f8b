import { describe, expect, it } from 'vitest';
import { certificates } from '../../provisioners/certificates.ts';
import { wantedBy } from '../../provisioners/influences.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import type { Manifest } from '../../provisioners/resources/manifest.ts';
import { described } from '../property/rig.ts';

/** The text of each file that a machine is given, and each object that is applied from there, by id. */
function wanted(cluster: Cluster, machine: string): ReadonlyMap<string, string> {
  return new Map(
    wantedBy(cluster, machine).map(({ resource }) => [
      resource.id,
      resource
        .steps(null)
        .map((step) => ('put' in step ? String(step.content) : 'gather' in step ? step.item : ''))
        .join(''),
    ]),
  );
}

const phasesOf = (cluster: Cluster, machine: string): string[] => [
  ...new Set(wantedBy(cluster, machine).map(({ phase }) => phase)),
];

const UNIT = 'file:/etc/systemd/system/flanneld.service';
const MANAGER = 'file:/etc/systemd/system/kube-controller-manager.service';

describe('flannel with its store in Kubernetes', () => {
  const cluster = described({ network: { flannel: { store: 'kubernetes' } } });
  const master = wanted(cluster, 'master');
  const minion = wanted(cluster, 'minion-1');

  it('takes the subnet of its Node, with a credential of its own', () => {
    expect(minion.get(UNIT)).toContain('Environment=NODE_NAME=minion-1\n');
    expect(minion.get(UNIT)).toContain('--kube-subnet-mgr');
    expect(minion.get(UNIT)).not.toContain('etcd');
    expect(minion.get('file:/etc/flannel/kubeconfig')).toContain('client-key-data');
  });

  it('the controller-manager gives out the subnets', () => {
    expect(master.get(MANAGER)).toContain('--allocate-node-cidrs=true');
    expect(master.get(MANAGER)).toContain('--node-cidr-mask-size=24');
    expect(wanted(described({}), 'master').get(MANAGER)).toContain('--allocate-node-cidrs=false');
  });

  it('no minion has a credential for etcd, and etcd tells its clients apart all the same', () => {
    const held = certificates(cluster).filter(({ authority }) => authority === 'etcd-ca');
    expect(held.filter(({ name }) => name.startsWith('minion'))).toEqual([]);
    expect([...minion.keys()].filter((id) => id.includes('flannel/pki'))).toEqual([]);
    expect([...master.keys()]).toContain('etcd:users');
    expect([...master.keys()]).not.toContain('etcd:/coreos.com/network/config');
  });

  it('each may change the status of its own Node alone', () => {
    const rules = ['hardway:flannel', 'hardway:flannel:minion-1'].map(
      (name) => (JSON.parse(master.get(`clusterrole:${name}`) ?? '{}') as Manifest)['rules'],
    );
    expect(rules).toEqual([
      [{ apiGroups: [''], verbs: ['get', 'list', 'watch'], resources: ['nodes'] }],
      [{ apiGroups: [''], verbs: ['patch'], resources: ['nodes/status'], resourceNames: ['minion-1'] }],
    ]);
    const user = certificates(cluster).find(({ name }) => name === 'minion-1/flannel');
    expect([user?.commonName, user?.organizations]).toEqual([
      'hardway:flannel:minion-1',
      ['hardway:flannel'],
    ]);
  });

  it('comes after the Nodes', () => {
    const phases = phasesOf(cluster, 'minion-1');
    expect(phases.indexOf('flannel')).toBeGreaterThan(phases.indexOf('kubelet'));
    const usual = phasesOf(described({}), 'minion-1');
    expect(usual.indexOf('flannel')).toBeLessThan(usual.indexOf('kubelet'));
  });
});
