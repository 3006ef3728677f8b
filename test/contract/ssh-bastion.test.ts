import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { throughBastion } from '../../src/connection/bastion.ts';
import { knownHosts } from '../../src/connection/known-hosts.ts';
import { sshConnection } from '../../src/connection/ssh.ts';
import type { Way } from '../../src/connection/way.ts';
import { freePort } from '../fixtures/free-port.ts';
import { connected, faultOf, sshd, to } from '../fixtures/ssh-harness.ts';
import { startSshd, whyNoSshd } from '../fixtures/sshd.ts';
import type { Sshd } from '../fixtures/sshd.ts';
import { unable } from '../fixtures/unable.ts';
import { connectionContract } from './connection.ts';

const ways: Way[] = [];
afterEach(() => ways.splice(0).forEach((way) => way.close()));

/** Closed after the test. */
function through(bastion: Sshd, beyond?: Way): Way {
  const way = opened(bastion, beyond);
  ways.push(way);
  return way;
}

const opened = (bastion: Sshd, beyond?: Way): Way =>
  throughBastion({
    ...{ host: '127.0.0.1', port: bastion.port, user: 'root', keys: [bastion.key], label: 'gate' },
    knownHosts: knownHosts(join(bastion.dir, 'known_hosts')),
    ...(beyond === undefined ? {} : { way: beyond }),
  });

/** Only the bastion knows this name. */
const inner = 'inner.invalid';
const knowing = {
  prepare: `cp /etc/hosts hosts; echo 127.0.0.1 ${inner} >>hosts; mount --bind hosts /etc/hosts`,
};

connectionContract('ssh connection through a bastion', whyNoSshd(), async () => {
  const [bastion, machine] = [await startSshd(), await startSshd()];
  const way = opened(bastion);
  const connection = sshConnection({
    ...{ host: '127.0.0.1', port: machine.port, user: 'root', keys: [machine.key], way },
    knownHosts: knownHosts(`${machine.dir}/known_hosts`),
  });
  const end = async (): Promise<void> => {
    way.close();
    await machine.stop();
    await bastion.stop();
  };
  return { connection, end };
});

describe.skipIf(unable('a bastion', whyNoSshd()))('a bastion', () => {
  it('reaches what only it can, with one connection for all machines behind it', async () => {
    const [bastion, machine] = [await sshd(knowing), await sshd({ config: ['MaxStartups 100'] })];
    const way = through(bastion);
    await Promise.all(
      Array.from({ length: 20 }, async (_, number) => {
        const connection = await connected(machine, { host: inner, way });
        expect((await connection.run(`echo ${number}`)).stdout).toBe(`${number}\n`);
      }),
    );
    expect(bastion.log().match(/Accepted publickey/g)).toHaveLength(1);
    expect(bastion.log()).not.toContain('Starting session');
  });

  it('may stand behind another one', async () => {
    const [outer, bastion, machine] = [await sshd(), await sshd(knowing), await sshd()];
    const connection = await connected(machine, { host: inner, way: through(bastion, through(outer)) });
    expect((await connection.run('id -u')).stdout).toBe('0\n');
  });

  it('that is not there leaves the machine unreached, and is named', async () => {
    const [bastion, machine] = [await sshd(), await sshd()];
    const way = through({ ...bastion, port: await freePort() });
    expect(await faultOf(to(machine, { way }))).toMatchObject({
      absent: true,
      message: 'minion-1: gate: nothing listens there (connection refused)',
    });
  });

  it('tells that the machine behind it is not there', async () => {
    const [bastion, machine] = [await sshd(), await sshd()];
    const port = await freePort();
    expect(await faultOf(to(machine, { port, way: through(bastion) }))).toMatchObject({
      absent: true,
      message: `minion-1: gate does not reach 127.0.0.1:${port}`,
      evidence: [expect.stringContaining('Connection refused')],
    });
  });

  it('that forwards nothing is named, with the setting', async () => {
    const [bastion, machine] = [await sshd({ config: ['AllowTcpForwarding no'] }), await sshd()];
    expect(await faultOf(to(machine, { way: through(bastion) }))).toMatchObject({
      fault: 'authentication',
      message: 'minion-1: gate forwards no connections',
      remedy: expect.stringContaining('AllowTcpForwarding yes'),
    });
  });

  it('with another host key than before is not used', async () => {
    const [bastion, machine, stranger] = [await sshd(), await sshd(), await sshd()];
    const hosts = knownHosts(join(bastion.dir, 'known_hosts'));
    await (await connected(stranger, { knownHosts: hosts })).close();
    const [key] = await hosts.load('127.0.0.1', stranger.port);
    await hosts.record('127.0.0.1', bastion.port, key!.key);
    expect(await faultOf(to(machine, { way: through(bastion) }))).toMatchObject({
      fault: 'host-key',
      message: expect.stringMatching(/^minion-1: gate: host key changed/),
      remedy: 'If the machine was rebuilt: hardway trust gate',
    });
  });

  it('that breaks takes its machines along; connecting again opens both', async () => {
    const [bastion, machine] = [await sshd(), await sshd()];
    const connection = await connected(machine, { way: through(bastion) });
    const running = connection.run('sleep 20');
    await bastion.restart(100);
    expect(await running).toMatchObject({ outcome: 'lost' });
    await connection.connect();
    expect((await connection.run('echo again')).stdout).toBe('again\n');
  });
});
