import { afterEach, describe, expect, it } from 'vitest';
import { knownHosts } from '../../src/connection/known-hosts.ts';
import { sshConnection } from '../../src/connection/ssh.ts';
import { withSudo } from '../../src/connection/sudo.ts';
import type { SudoOptions } from '../../src/connection/sudo.ts';
import { startSshd, whyNoSshd } from '../fixtures/sshd.ts';
import type { Sshd } from '../fixtures/sshd.ts';
import { unable } from '../fixtures/unable.ts';
import { connectionContract } from './connection.ts';

const password = "pass 'word$ü";
const user = { name: 'vagrant', password };
// The longest way round: a terminal of sudo's own, a lecture, and a password that is asked now and then.
const nagging = `Defaults use_pty, lecture=always, env_reset, timestamp_type=global\nroot ALL=(ALL:ALL) ALL\nvagrant ALL=(ALL) ALL\n`;

function asVagrant(sshd: Sshd, options: SudoOptions = {}, name = user.name) {
  const ssh = sshConnection({
    host: '127.0.0.1',
    port: sshd.port,
    user: name,
    keys: [sshd.key],
    knownHosts: knownHosts(`${sshd.dir}/known_hosts`),
    label: 'minion-1',
  });
  return withSudo(ssh, options);
}

connectionContract('ssh connection with sudo', whyNoSshd(), async () => {
  const sshd = await startSshd({ user, sudoers: 'vagrant ALL=(ALL) NOPASSWD: ALL\n' });
  return { connection: asVagrant(sshd), end: () => sshd.stop() };
});

connectionContract('ssh connection with sudo that asks', whyNoSshd(), async () => {
  const sshd = await startSshd({ user, sudoers: nagging });
  return { connection: asVagrant(sshd, { password }), end: () => sshd.stop() };
});

describe.skipIf(unable('sudo', whyNoSshd()))('sudo', () => {
  let sshd: Sshd | undefined;
  afterEach(() => sshd?.stop());

  const refusals: [string, string, SudoOptions, RegExp, RegExp][] = [
    [
      'needs a password',
      nagging,
      {},
      /minion-1: vagrant .* asks for a password/,
      /vagrant ALL=\(ALL\) NOPASSWD: ALL/,
    ],
    ['gets a wrong password', nagging, { password: 'x' }, /does not take the password/, /NOPASSWD/],
    ['is not for this user', 'root ALL=(ALL) ALL\n', { password }, /does not take the password/, /NOPASSWD/],
    [
      'wants a terminal',
      'Defaults requiretty\nvagrant ALL=(ALL) NOPASSWD: ALL\n',
      {},
      /requiretty/,
      /Defaults:vagrant !requiretty/,
    ],
  ];
  it.each(refusals)(
    'that %s is reported with the line to add',
    async (_, sudoers, options, message, remedy) => {
      sshd = await startSshd({ user, sudoers });
      const connection = asVagrant(sshd, options);
      const error = await connection.connect().catch((caught: unknown) => caught);
      expect(error).toMatchObject({ fault: 'sudo' });
      expect(error).toMatchObject({
        message: expect.stringMatching(message),
        remedy: expect.stringMatching(remedy),
      });
      expect(JSON.stringify(error)).not.toContain(password);
      await connection.close();
    },
  );

  it('is left out when the login user is root', async () => {
    sshd = await startSshd({ prepare: 'touch no; chmod 0 no; mount --bind no /usr/bin/sudo' });
    const connection = asVagrant(sshd, {}, 'root');
    await connection.connect();
    expect((await connection.run('id -u')).stdout).toBe('0\n');
    await connection.close();
  });

  it('never shows the password in an argument list', async () => {
    sshd = await startSshd({ user, sudoers: nagging });
    const connection = asVagrant(sshd, { password });
    await connection.connect();
    const { stdout } = await connection.run("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '");
    expect(stdout).toContain('sudo');
    expect(stdout).not.toContain('pass ');
    await connection.close();
  });
});
