import { existsSync } from 'node:fs';
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

const without = (program: string): string => `touch no; chmod 0 no; mount --bind no ${program}`;

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

const why = (shell: string): string | null =>
  whyNoSshd() ?? (existsSync(shell) ? null : `${shell} is not installed`);

connectionContract('ssh connection with sudo, from fish', why('/usr/bin/fish'), async () => {
  const sshd = await startSshd({
    user: { ...user, shell: '/usr/bin/fish' },
    sudoers: 'vagrant ALL=(ALL) NOPASSWD: ALL\n',
  });
  return { connection: asVagrant(sshd), end: () => sshd.stop() };
});

connectionContract('ssh connection with sudo that asks, from csh', why('/bin/tcsh'), async () => {
  const sshd = await startSshd({ user: { ...user, shell: '/bin/tcsh' }, sudoers: nagging });
  return { connection: asVagrant(sshd, { password: async () => password }), end: () => sshd.stop() };
});

connectionContract(
  'ssh connection with sudo that wants a terminal, from dash',
  why('/bin/dash'),
  async () => {
    const sshd = await startSshd({
      user: { ...user, shell: '/bin/dash' },
      sudoers: `Defaults requiretty\n${nagging}`,
    });
    return { connection: asVagrant(sshd, { password: async () => password }), end: () => sshd.stop() };
  },
);

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
    [
      'gets a wrong password',
      nagging,
      { password: async () => 'x' },
      /does not take the password/,
      /NOPASSWD/,
    ],
    [
      'is not for this user',
      'root ALL=(ALL) ALL\n',
      { password: async () => password },
      /does not take the password/,
      /NOPASSWD/,
    ],
    [
      'wants a terminal where nobody can give it one',
      'Defaults requiretty\nvagrant ALL=(ALL) NOPASSWD: ALL\n',
      {},
      /requiretty/,
      /Defaults:vagrant !requiretty/,
    ],
  ];
  it.each(refusals)(
    'that %s is reported with the line to add',
    async (_, sudoers, options, message, remedy) => {
      sshd = await startSshd({ user, sudoers, prepare: without('/usr/bin/script') });
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

  it('that wants a terminal but no password has one', async () => {
    sshd = await startSshd({ user, sudoers: 'Defaults requiretty\nvagrant ALL=(ALL) NOPASSWD: ALL\n' });
    const connection = asVagrant(sshd);
    await connection.connect();
    expect(await connection.run('id -u; echo no >&2; exit 3')).toMatchObject({
      ...{ code: 3, stdout: '0\n', stderr: 'no\n' },
    });
    await connection.close();
  });

  it('is left out when the login user is root', async () => {
    sshd = await startSshd({ prepare: without('/usr/bin/sudo') });
    const connection = asVagrant(sshd, {}, 'root');
    await connection.connect();
    expect((await connection.run('id -u')).stdout).toBe('0\n');
    await connection.close();
  });

  it('never shows the password in an argument list', async () => {
    sshd = await startSshd({ user, sudoers: nagging });
    const connection = asVagrant(sshd, { password: async () => password });
    await connection.connect();
    const { stdout } = await connection.run("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '");
    expect(stdout).toContain('sudo');
    expect(stdout).not.toContain('pass ');
    await connection.close();
  });
});
