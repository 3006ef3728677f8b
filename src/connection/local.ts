import { spawn } from 'node:child_process';
import { homedir, userInfo } from 'node:os';
import { overTransport } from './over-transport.ts';
import { signalCode } from './signal-code.ts';
import type { Channel, Transport, TransportConnection } from './transport.ts';

/** This machine, spoken to exactly like any other: same scripts, same framing, same limits. */
export function localConnection(): TransportConnection {
  return overTransport(localTransport);
}

const localTransport: Transport = {
  label: 'local',
  async connect() {},
  async exec(command) {
    return startLocally(command);
  },
  async close() {},
};

function startLocally(command: string): Channel {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], {
    cwd: homedir(),
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: homedir(), USER: userInfo().username },
    stdio: 'pipe',
  });
  child.stdin.on('error', () => undefined); // it ended without reading everything: its exit code tells
  const exited = new Promise<number | null>((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? signalCode(signal)));
    child.on('error', () => resolve(127));
  });
  const closed = new Promise<void>((resolve) => {
    child.on('close', () => resolve());
    child.on('error', () => resolve());
  });
  const { stdin, stdout, stderr } = child;
  return { stdin, stdout, stderr, exited, closed, loss: () => 'it did not end', abandon() {} };
}
