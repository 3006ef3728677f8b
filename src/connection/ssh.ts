import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Client } from 'ssh2';
import { ConnectionError } from '../errors.ts';
import { ahead } from './ssh-ahead.ts';
import type { Start } from './ssh-ahead.ts';
import { gate } from './gate.ts';
import type { Gate } from './gate.ts';
import { overTransport } from './over-transport.ts';
import { execOn } from './ssh-channel.ts';
import { hangUp, openClient } from './ssh-client.ts';
import type { SshOptions } from './ssh-client.ts';
import { lossOf } from './ssh-faults.ts';
import type { Channel, Transport, TransportConnection } from './transport.ts';

/** sshd allows 10 sessions on one connection; two are left for whoever else shares it. */
const sessionsPerConnection = 8;

/** A fleet does not knock all at once: so many handshakes at a time, in the whole process. */
export const HANDSHAKES = 32;
const knocking = pLimit(HANDSHAKES);

/**
 * A machine over SSH: one connection, opened by `connect`, used for everything. When it breaks, runs end as 'lost'
 * until `connect` is called again; nothing reconnects by itself, because what was under way must be looked at first.
 */
export function sshConnection(options: SshOptions): TransportConnection {
  return overTransport(sshTransport(options));
}

interface Session {
  readonly client: Client;
  readonly socket: Duplex;
  readonly gate: Gate;
  /** Whether the server ever opened a session on it. */
  opened: boolean;
  /** How it broke. */
  loss: string;
  readonly exec: Start;
}

/** Milliseconds. A handshake is five round trips and some arithmetic; beyond this the machine is far away. */
const farAway = 300;

function sshTransport(options: SshOptions): Transport {
  const label = options.label ?? `${options.user}@${options.host}:${options.port}`;
  let opening: Promise<Session> | undefined;
  let current: Session | undefined;
  let wasOpen = false;
  let end = new AbortController();
  /** What the last attempt met, when that was nothing at all. */
  let silence: ConnectionError | undefined;

  function open(): Promise<Session> {
    end = new AbortController();
    const { signal } = end;
    const attempt = () => knocking(() => openClient(label, options, signal));
    const mine = (wasOpen ? patiently(attempt, signal) : attempt()).then(({ client, socket, handshake }) => {
      const begin: Start = (command) => start(label, session, command);
      const session: Session = {
        client,
        socket,
        gate: gate(sessionsPerConnection),
        opened: false,
        loss: 'the connection broke',
        exec: handshake > farAway ? ahead(begin, (command) => startIfRoom(session, command)) : begin,
      };
      wasOpen = true;
      silence = undefined;
      current = session;
      client.on('error', (error) => (session.loss = lossOf(error)));
      client.once('close', () => {
        if (current === session) current = undefined;
        forget();
      });
      return session;
    });
    mine.catch((error: unknown) => {
      if (error instanceof ConnectionError && error.fault === 'timeout') silence = error;
      forget();
    });
    function forget(): void {
      if (opening === mine) opening = undefined;
    }
    return mine;
  }

  return {
    label,
    async connect() {
      opening ??= open();
      await (silence === undefined ? opening : shortly(opening, silence));
    },
    async exec(command) {
      const session = await opening;
      if (!session) throw new ConnectionError('lost', `${label}: there is no open connection`);
      return session.exec(command);
    },
    async close() {
      opening = undefined;
      if (current === undefined) return end.abort(); // it may still be trying
      hangUp(current);
    },
  };
}

/**
 * Milliseconds, before each next attempt: what was there a moment ago is probably being restarted. Half of each is
 * left to chance, so that a fleet does not come back in one instant.
 */
const reopening = [250, 500, 1000, 2000, 4000, 4000];
/** Milliseconds. */
const patience = 15_000;

async function patiently<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const began = performance.now();
  for (const pause of reopening) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayPass(error) || performance.now() - began > patience) throw error;
    }
    await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal });
  }
  return attempt();
}

/** Silence has cost its time already; who says no has decided. */
const mayPass = (error: unknown): boolean =>
  error instanceof ConnectionError && ['refused', 'unreachable', 'lost'].includes(error.fault);

/** A machine that was silent is tried again, but nobody waits for all of its time a second time. */
async function shortly(opening: Promise<unknown>, silence: ConnectionError): Promise<void> {
  const nothingNew = sleep(1000, undefined, { ref: false }).then(() => Promise.reject(silence));
  await Promise.race([opening, nothingNew]);
}

/** Milliseconds: a server forgets an ended session a moment after it told us of its end. */
const forgetting = [20, 50, 100, 200, 400];

/** Asks for a session when there is room; a server that allows fewer than we thought makes us narrower. */
async function start(label: string, session: Session, command: string): Promise<Channel> {
  for (const pauses = [...forgetting]; ;) {
    const leave = await session.gate.enter();
    try {
      return await startInside(session, command, leave);
    } catch (error) {
      const others = session.gate.inside - 1;
      leave();
      refuseUnlessFull(label, session, error);
      session.gate.narrow(Math.max(1, others));
      if (others > 0) continue;
      const pause = session.opened ? pauses.shift() : undefined;
      if (pause === undefined) throw noSessions(label);
      await sleep(pause);
    }
  }
}

async function startInside(session: Session, command: string, leave: () => void): Promise<Channel> {
  const channel = await execOn(session.client, `exec ${command}`, leave, () => session.loss);
  session.opened = true;
  return channel;
}

/** Fails where `start` would wait. */
async function startIfRoom(session: Session, command: string): Promise<Channel> {
  if (session.gate.full) throw new Error('there is no room');
  const leave = await session.gate.enter();
  try {
    return await startInside(session, command, leave);
  } catch (error) {
    leave();
    throw error;
  }
}

function refuseUnlessFull(label: string, session: Session, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  if (message.includes('Channel open failure')) return;
  throw new ConnectionError('lost', `${label}: ${session.loss}`, { evidence: [message] });
}

function noSessions(label: string): ConnectionError {
  return new ConnectionError('authentication', `${label}: the server lets us in but opens no session`, {
    remedy: 'Set MaxSessions to 1 or more in its sshd_config.',
  });
}
