import type { Web } from '../src/cli/hand.ts';
import { READER } from './addons/headlamp/headlamp.ts';

const NAME = 'headlamp';
const NAMESPACE = NAME;

export const web: Web = {
  addon: NAME,
  forward: (port) => [
    ...['port-forward', '--namespace', NAMESPACE, '--address', '127.0.0.1'],
    ...[`service/${NAME}`, `${port}:80`],
  ],
  listening: /^Forwarding from 127\.0\.0\.1:(\d+)/m,
  token: ['create', 'token', READER, '--namespace', NAMESPACE, '--duration=1h'],
};
