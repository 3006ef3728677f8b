import { describe, expect, it } from 'vitest';
import { certificates, KUBE_VIP } from '../../provisioners/certificates.ts';
import { kubeVipPod } from '../../provisioners/kube-vip.ts';
import { cluster as lab } from './machines.ts';

const cluster = {
  ...lab,
  controlPlane: { ...lab.controlPlane, endpoint: '192.168.56.10', loadBalancer: 'kube-vip' as const },
};

describe('kube-vip', () => {
  it('keeps the endpoint on the NIC of the machines’ network, with a credential of its own', () => {
    const pod = JSON.stringify(kubeVipPod(cluster, 'eth1', 'abc'));
    for (const [name, value] of Object.entries({
      address: '192.168.56.10',
      vip_interface: 'eth1',
      port: '6443',
    }))
      expect(pod).toContain(JSON.stringify({ name, value }));
    expect(pod).toContain('"path":"/etc/kubernetes/kube-vip.conf"');
    const own = certificates(cluster).filter(({ commonName }) => commonName === KUBE_VIP);
    expect(own.map(({ name, organizations }) => [name, organizations])).toEqual([['master/kube-vip', []]]);
    expect(certificates(lab).some(({ commonName }) => commonName === KUBE_VIP)).toBe(false);
  });
});
