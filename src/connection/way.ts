import { spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { ConnectionError } from '../errors.ts';

/** How the bytes reach a machine when it is not straight over the network. */
export interface Way {
  /** Throws ConnectionError, or an error as a socket has them. `seconds` is how long it may take. */
  open(host: string, port: number, seconds: number, signal: AbortSignal): Promise<Duplex>;
  /** Ends everything that goes this way. */
  close(): void;
}

/** Through a program of the operator's choice that talks to the machine over its input and output. */
export function throughCommand(command: string): Way {
  const running = new Set<() => void>();
  return {
    async open(_host, _port, _seconds, signal) {
      const child = spawn('/bin/sh', ['-c', `exec ${command}`], {
        stdio: ['pipe', 'pipe', 'ignore'],
        signal,
      });
      const end = (): void => void child.kill();
      running.add(end);
      const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
      child.once('exit', () => running.delete(end));
      child.once('error', (error) => stream.destroy(error));
      stream.once('close', end);
      return stream;
    },
    close: () => running.forEach((end) => end()),
  };
}

/** What the server in between said when it was to connect us. */
export function wayFault(through: string, to: string, error: Error & { reason?: unknown }): ConnectionError {
  const evidence = [error.message];
  // RFC 4254: 1 is "administratively prohibited".
  if (error.reason === 1) {
    return new ConnectionError('authentication', `${through} forwards no connections`, {
      evidence,
      remedy: 'Set AllowTcpForwarding yes in its sshd_config, for this user at least.',
    });
  }
  return new ConnectionError('unreachable', `${through} does not reach ${to}`, { evidence });
}
