import type { Web } from '../src/cli/hand.ts';

const NAMESPACE = 'kube-system';
const NAME = 'headlamp';

export const web: Web = {
  addon: NAME,
  forward: (port) => [
    ...['port-forward', '--namespace', NAMESPACE, '--address', '127.0.0.1'],
    ...[`service/${NAME}`, `${port}:80`],
  ],
  listening: /^Forwarding from 127\.0\.0\.1:(\d+)/m,
  token: ['create', 'token', NAME, '--namespace', NAMESPACE, '--duration=1h'],
};
