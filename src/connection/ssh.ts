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
}

function sshTransport(options: SshOptions): Transport {
  const label = options.label ?? `${options.user}@${options.host}:${options.port}`;
  let opening: Promise<Session> | undefined;

  function open(): Promise<Session> {
    const mine = openClient(label, options).then((client) => {
      client.once('close', forget);
      return { client, gate: gate(sessionsPerConnection) };
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

async function start(label: string, { client, gate }: Session, command: string): Promise<Channel> {
  const leave = await gate.enter();
  try {
    return adaptChannel(client, await execOn(client, `exec ${command}`), leave);
  } catch (error) {
    const alone = gate.inside === 1;
    leave();
    const message = error instanceof Error ? error.message : String(error);
    if (!message.includes('Channel open failure')) {
      throw new ConnectionError('lost', `${label}: the connection broke: ${message}`);
    }
    if (alone) {
      throw new ConnectionError('authentication', `${label}: the server lets us in but opens no session`, {
        evidence: [message],
        remedy: 'Set MaxSessions to 1 or more in its sshd_config.',
      });
    }
  }
  gate.narrow(1);
  return start(label, { client, gate }, command);
}
