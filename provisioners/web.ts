import type { Web } from '../src/cli/hand.ts';

const NAME = 'headlamp';
const NAMESPACE = NAME;
/** May look at everything but Secrets; the page itself has no rights. */
const READER = 'reader';

export const web: Web = {
  addon: NAME,
  forward: (port) => [
    ...['port-forward', '--namespace', NAMESPACE, '--address', '127.0.0.1'],
    ...[`service/${NAME}`, `${port}:80`],
  ],
  listening: /^Forwarding from 127\.0\.0\.1:(\d+)/m,
  token: ['create', 'token', READER, '--namespace', NAMESPACE, '--duration=1h'],
};
