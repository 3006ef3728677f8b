import type { PkiKnowledge } from '../src/cli/product.ts';
import { nodesOf } from './scope.ts';
import { bundle } from './bundle.ts';
import { calendarScript, readCalendar } from './calendar.ts';
import { authorities, certificates, kubeletNames } from './certificates.ts';

/** Certificates, as the command line wants to know of them. */
export const pkiKnowledge: PkiKnowledge = {
  authorities,
  fixed: ({ kubernetes }) =>
    kubernetes.flavour === 'kubeadm'
      ? 'kubeadm has written its authority into places that only it knows'
      : null,
  // The API server looks every five minutes whom it is to trust as a kubelet (client-go, ca_rotation.go).
  rereading: { ca: 305 },
  renewable: (cluster) => [
    ...certificates(cluster).map(({ name }) => name),
    ...nodesOf(cluster).flatMap(kubeletNames),
  ],
  calendar: calendarScript,
  readCalendar,
  bundle,
};
