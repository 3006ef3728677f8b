import { ConnectionError } from '../errors.ts';
import type { ConnectionFault } from '../errors.ts';
import { fingerprint } from './known-hosts.ts';
import type { HostKey } from './known-hosts.ts';

/** What ssh2 or the socket threw before the connection was ready, in our words. */
export function openingFault(
  label: string,
  error: Error,
  heardBytes: number,
  seconds: number,
): ConnectionError {
  const { code = '', level = '' } = error as { code?: string; level?: string };
  const evidence = [error.message];
  const say = (fault: ConnectionFault, text: string) =>
    new ConnectionError(fault, `${label}: ${text}`, { evidence });
  if (code === 'ECONNREFUSED') return say('refused', 'nothing listens there (connection refused)');
  if (code === 'ETIMEDOUT' || level === 'client-timeout')
    return say('timeout', `no answer within ${seconds} s`);
  if (['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'].includes(code))
    return say('unreachable', 'no route to it');
  if (['ENOTFOUND', 'EAI_AGAIN'].includes(code)) return say('unreachable', 'its name cannot be resolved');
  // A forwarded port (VirtualBox NAT) accepts before anybody listens behind it.
  if (heardBytes === 0) return say('refused', 'the connection was closed before an SSH server answered');
  if (level === 'handshake') return say('lost', 'the SSH handshake failed');
  return say('lost', 'the connection broke while it was opened');
}

/** A machine in between was in the way; `error` names that one. */
export const onTheWay = (
  label: string,
  { fault, message, evidence, remedy }: ConnectionError,
): ConnectionError =>
  new ConnectionError(fault, `${label}: ${message}`, {
    evidence,
    ...(remedy === undefined ? {} : { remedy }),
  });

/** pam_nologin lets nobody in before the boot is over, and after it was decided to shut down: it is not there (yet). */
export function booting(label: string, banner: string): ConnectionError | null {
  if (!/system is (booting up|going down)/i.test(banner)) return null;
  const evidence = banner.trim().split('\n');
  return new ConnectionError('refused', `${label}: it is starting or stopping and lets nobody in yet`, {
    evidence,
  });
}

/** A peer that says nothing for so long, although asked twice, is gone. */
export const silenceSeconds = 12;

/** How an open connection ended. */
export function lossOf(error: Error & { level?: string }): string {
  return error.level === 'client-timeout' ? `no answer for ${silenceSeconds} s` : 'the connection broke';
}

export function authenticationFault(label: string, user: string, tried: string): ConnectionError {
  return new ConnectionError('authentication', `${label}: user ${user} is not let in with ${tried}`, {
    remedy: `Check that the public half is in ~${user}/.ssh/authorized_keys there, and that the user is right.`,
  });
}

/** Nothing to log in with: the machine is not even asked. */
export function noKeyFault(label: string, user: string, host: string): ConnectionError {
  const message = `${label}: no key to log in with as ${user}: none of OpenSSH's usual files is there, and no agent holds one`;
  return new ConnectionError('authentication', message, {
    remedy: `Make one and let it in: ssh-keygen -t ed25519, ssh-copy-id ${user}@${host}. Or name yours: "keys" in "ssh".`,
  });
}

export function hostKeyFault(
  label: string,
  known: readonly HostKey[],
  offered: Buffer,
  record: string,
): ConnectionError {
  const pinned = known.map(({ key }) => fingerprint(key)).join(' or ');
  return new ConnectionError(
    'host-key',
    `${label}: host key changed: pinned ${pinned}, offered ${fingerprint(offered)}; nothing was sent`,
    { evidence: [`recorded in ${record}`], remedy: `If the machine was rebuilt: hardway trust ${label}` },
  );
}
