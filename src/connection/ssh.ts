import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'ssh2';
import { ConnectionError } from '../errors.ts';
import { gate } from './gate.ts';
import type { Gate } from './gate.ts';
import { overTransport } from './over-transport.ts';
import { adaptChannel, execOn } from './ssh-channel.ts';
import { openClient } from './ssh-client.ts';
import type { SshOptions } from './ssh-client.ts';
import type { Channel, Transport, TransportConnection } from './transport.ts';

/** sshd allows 10 sessions on one connection; two are left for whoever else shares it. */
const sessionsPerConnection = 8;

/**
 * A machine over SSH: one connection, opened by `connect`, used for everything. When it breaks, runs end as 'lost'
 * until `connect` is called again; nothing reconnects by itself, because what was under way must be looked at first.
 */
export function sshConnection(options: SshOptions): TransportConnection {
  return overTransport(sshTransport(options));
}

interface Session {
  readonly client: Client;
  readonly gate: Gate;
  /** Whether the server ever opened a session on it. */
  opened: boolean;
}

function sshTransport(options: SshOptions): Transport {
  const label = options.label ?? `${options.user}@${options.host}:${options.port}`;
  let opening: Promise<Session> | undefined;

  function open(): Promise<Session> {
    const mine = openClient(label, options).then((client) => {
      client.once('close', forget);
      return { client, gate: gate(sessionsPerConnection), opened: false };
    });
    mine.catch(forget);
    function forget(): void {
      if (opening === mine) opening = undefined;
    }
    return mine;
  }

  return {
    label,
    async connect() {
      opening ??= open();
      await opening;
    },
    async exec(command) {
      const session = await opening;
      if (!session) throw new ConnectionError('lost', `${label}: there is no open connection`);
      return start(label, session, command);
    },
    async close() {
      const session = await opening?.catch(() => undefined);
      opening = undefined;
      session?.client.end();
      setTimeout(() => session?.client.destroy(), 1000).unref(); // a silent peer never says goodbye
    },
  };
}

/** Milliseconds: a server forgets an ended session a moment after it told us of its end. */
const forgetting = [20, 50, 100, 200, 400];

/** Asks for a session when there is room; a server that allows fewer than we thought makes us narrower. */
async function start(label: string, session: Session, command: string): Promise<Channel> {
  for (const pauses = [...forgetting]; ;) {
    const leave = await session.gate.enter();
    try {
      const channel = await execOn(session.client, `exec ${command}`);
      session.opened = true;
      return adaptChannel(session.client, channel, leave);
    } catch (error) {
      const others = session.gate.inside - 1;
      leave();
      refuseUnlessFull(label, error);
      session.gate.narrow(Math.max(1, others));
      if (others > 0) continue;
      const pause = session.opened ? pauses.shift() : undefined;
      if (pause === undefined) throw noSessions(label);
      await sleep(pause);
    }
  }
}

function refuseUnlessFull(label: string, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('Channel open failure')) return;
  throw new ConnectionError('lost', `${label}: the connection broke: ${message}`);
}

function noSessions(label: string): ConnectionError {
  return new ConnectionError('authentication', `${label}: the server lets us in but opens no session`, {
    remedy: 'Set MaxSessions to 1 or more in its sshd_config.',
  });
}
