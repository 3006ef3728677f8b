import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { locate } from '../../src/cli/locate.ts';
import { type Reach, reach } from '../../src/cli/reach.ts';
import { loadCluster } from '../../src/cluster/load.ts';
import { parseSsh, toTarget } from '../../src/cluster/ssh-target.ts';
import type { SshEntry } from '../../src/cluster/description.ts';
import type { Connection } from '../../src/connection/connection.ts';
import { fingerprint, knownHosts } from '../../src/connection/known-hosts.ts';
import { ConnectionError } from '../../src/errors.ts';
import { sshd } from '../fixtures/ssh-harness.ts';
import { makeKey, whyNoSshd } from '../fixtures/sshd.ts';
import type { Sshd } from '../fixtures/sshd.ts';
import { unable } from '../fixtures/unable.ts';

const before = { ...process.env };
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  process.env = { ...before };
});

/** What cluster.json says of a machine, and OpenSSH's configuration beside it, as a connection. */
async function reached(server: Sshd, ssh: string | SshEntry, config = ''): Promise<Connection> {
  writeFileSync(join(server.dir, 'ssh_config'), `IdentityFile none\n${config}`);
  process.env['HARDWAY_SSH_CONFIG'] = join(server.dir, 'ssh_config');
  const ways: Reach = reach(knownHosts(join(server.dir, 'hosts')), 5);
  ends.push(() => ways.close());
  const { entry } = parseSsh(ssh);
  return ways.to('minion-1', entry === 'local' ? entry : toTarget(entry, server.dir), true);
}

async function whoAmI(connection: Connection): Promise<string> {
  await connection.connect();
  return (await connection.run('id -un')).stdout.trim();
}

async function faultOf(connection: Connection): Promise<ConnectionError> {
  const error = await connection.connect().catch((caught: unknown) => caught);
  if (error instanceof ConnectionError) return error;
  throw new Error(`expected a ConnectionError, got ${String(error)}`);
}

const at = ({ port }: Sshd, more: Partial<SshEntry> = {}): SshEntry => ({
  ...{ host: '127.0.0.1', port, user: 'root', ...more },
});

/** An agent with these keys, for as long as the test. */
async function agent(folder: string, ...keys: string[]): Promise<void> {
  const socket = join(folder, 'agent');
  const daemon = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  ends.push(() => daemon.kill());
  await once(daemon.stdout, 'data');
  process.env['SSH_AUTH_SOCK'] = socket;
  for (const key of keys) execFileSync('ssh-add', ['-q', key]);
}

const obstacle = unable('machines of one’s own', whyNoSshd());

describe.skipIf(obstacle)('an SSH agent', () => {
  it('opens a machine although no key lies on this computer', async () => {
    const server = await sshd();
    await agent(server.dir, server.key);
    expect(await whoAmI(await reached(server, at(server)))).toBe('root');
  });

  it('stands for a named key that is locked here, and for no other', async () => {
    const server = await sshd();
    const [locked, other] = [join(server.dir, 'locked'), join(server.dir, 'other')];
    makeKey(other);
    await agent(server.dir, server.key, other);
    const named = at(server, { keys: [other] });
    expect((await faultOf(await reached(server, named))).message).toContain('with one key of the SSH agent');
    makeKey(locked, 'phrase');
    writeFileSync(`${locked}.pub`, readFileSync(`${server.key}.pub`));
    expect(await whoAmI(await reached(server, at(server, { keys: [locked] })))).toBe('root');
  });

  it('is not asked when cluster.json says so', async () => {
    const server = await sshd();
    await agent(server.dir, server.key);
    expect((await faultOf(await reached(server, at(server, { agent: false })))).message).toMatch(/no key/);
  });

  it('that is gone, or answers nothing, is gone past', async () => {
    const server = await sshd();
    const silent = createServer().listen(join(server.dir, 'silent'));
    ends.push(() => silent.close());
    for (const name of ['none', 'silent']) {
      process.env['SSH_AUTH_SOCK'] = join(server.dir, name);
      expect(await whoAmI(await reached(server, at(server, { keys: [server.key] })))).toBe('root');
    }
  });
});

describe.skipIf(obstacle)('a key with a passphrase', () => {
  const locked = async (): Promise<Sshd> => {
    const server = await sshd();
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', server.key]);
    rmSync(`${server.key}.pub`);
    return server;
  };

  it('is opened with what the variable holds, which is never told', async () => {
    const server = await locked();
    const entry = at(server, { keys: [server.key], passphrase: 'env:HW_TEST_PHRASE' });
    process.env['HW_TEST_PHRASE'] = 'closed sesame';
    const wrong = await faultOf(await reached(server, entry));
    expect(wrong.message).toMatch(/key is not opened by the passphrase given$/);
    expect(JSON.stringify(wrong)).not.toContain('sesame');
    process.env['HW_TEST_PHRASE'] = 'open sesame';
    expect(await whoAmI(await reached(server, entry))).toBe('root');
  });

  it('says what is missing: the variable, or a terminal to ask on', async () => {
    const server = await locked();
    const withOut = async (passphrase: SshEntry['passphrase']) =>
      (await reached(server, at(server, { keys: [server.key], ...(passphrase && { passphrase }) })))
        .connect()
        .catch((error: unknown) => error);
    expect(await withOut('env:HW_TEST_PHRASE')).toMatchObject({
      message: 'passphrase of the key for 127.0.0.1 comes from the variable HW_TEST_PHRASE, which is not set',
    });
    expect(await withOut('ask')).toMatchObject({ message: expect.stringContaining('no terminal to ask on') });
    expect(await withOut(undefined)).toMatchObject({
      message: expect.stringContaining('is protected by a passphrase'),
      remedy: expect.stringContaining('ssh-add'),
    });
  });
});

describe.skipIf(obstacle)('a host key that cluster.json names', () => {
  it('is required from the first contact on', async () => {
    const [server, other] = [await sshd(), await sshd()];
    const hostKey = readFileSync(join(server.dir, 'host_key.pub'), 'utf8').trim();
    const entry = at(server, { keys: [server.key], hostKey });
    expect(await whoAmI(await reached(server, entry))).toBe('root');
    const wrong = await faultOf(await reached(server, { ...entry, port: other.port }));
    const named = fingerprint(Buffer.from(hostKey.split(' ')[1]!, 'base64'));
    expect(wrong).toMatchObject({ fault: 'host-key', message: expect.stringContaining(`pinned ${named}`) });
    expect(other.log()).not.toMatch(/Accepted|Failed/);
  });
});

describe.skipIf(obstacle)('OpenSSH’s configuration', () => {
  it('says where an alias is, who logs in, and with which key', async () => {
    const server = await sshd({ user: { name: 'vagrant' }, sudoers: 'vagrant ALL=(ALL) NOPASSWD: ALL\n' });
    mkdirSync(join(server.dir, 'more'));
    const host = `HostName 127.0.0.1\nPort ${server.port}\nUser vagrant\nIdentityFile ${server.key}\n`;
    writeFileSync(join(server.dir, 'more', 'one'), `Host node*\n${host}`);
    const connection = await reached(server, 'node-7', `Include ${server.dir}/more/*\n`);
    expect(await whoAmI(connection)).toBe('root'); // by sudo
    expect(server.log()).toContain('Accepted publickey for vagrant');
  });

  it('yields to what cluster.json says itself', async () => {
    const server = await sshd();
    const config = `Host *\nUser nobody\nPort 9\nIdentityFile ${server.key}\n`;
    expect(await whoAmI(await reached(server, at(server), config))).toBe('root');
  });

  it('leads through other machines: ProxyJump, one after the other', async () => {
    const inner = `cp /etc/hosts hosts; echo 127.0.0.1 inner.invalid >>hosts; mount --bind hosts /etc/hosts`;
    const [outer, gate, server] = [await sshd(), await sshd({ prepare: inner }), await sshd()];
    const connection = await reached(
      server,
      'inner',
      `Host inner
  HostName inner.invalid
  Port ${server.port}
  User root
  IdentityFile ${server.key}
  ProxyJump root@127.0.0.1:${outer.port},gate
Host gate
  HostName 127.0.0.1
  Port ${gate.port}
  User root
Host gate 127.0.0.1
  IdentityFile ${gate.key}
  IdentityFile ${outer.key}
`,
    );
    expect(await whoAmI(connection)).toBe('root');
    expect(outer.log()).toContain('Accepted');
    expect(gate.log()).toContain('Accepted');
  });

  it('or through a program: ProxyCommand', async () => {
    const server = await sshd();
    const script = `require('net').connect(+process.argv[2], process.argv[1], function () { process.stdin.pipe(this).pipe(process.stdout) })`;
    writeFileSync(
      join(server.dir, 'pipe.js'),
      script.replaceAll('argv[2]', 'argv[3]').replaceAll('argv[1]', 'argv[2]'),
    );
    const config = `ProxyCommand ${process.execPath} ${join(server.dir, 'pipe.js')} %h %p\n`;
    const connection = await reached(server, at(server, { keys: [server.key] }), config);
    expect(await whoAmI(connection)).toBe('root');
  });

  it('that leads in a circle, or cannot be read, is named', async () => {
    const server = await sshd();
    const circle = 'Host 127.0.0.1 gate\nProxyJump tower\nHost tower\nProxyJump gate\n';
    await expect(reached(server, at(server), circle)).rejects.toThrow(
      /tower is to be reached through itself/,
    );
    await expect(reached(server, at(server), 'Nonsense yes\n')).rejects.toMatchObject({
      message: '127.0.0.1: OpenSSH’s configuration cannot be used',
      evidence: expect.arrayContaining([expect.stringMatching(/Bad configuration option: nonsense/i)]),
    });
  });
});

describe.skipIf(obstacle)('an address that cluster.json lacks', () => {
  it('is asked of the machine and written there, everything else as it was', async () => {
    const server = await sshd();
    const own = Object.values(networkInterfaces()).flatMap((all = []) => all);
    const address = own.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '';
    const range = address.replace(/\d+$/, '0/24');
    const file = join(server.dir, 'cluster.json');
    const ssh = { host: 'localhost', port: server.port, user: 'root', keys: [server.key] };
    const described = {
      network: { machineCidr: range },
      nodes: [{ name: 'm', roles: ['etcd', 'master'], ssh }],
    };
    writeFileSync(file, JSON.stringify(described, null, 2));
    expect(() => loadCluster(file)).toThrow(/one problem/);
    let told = '';
    expect(await locate(file, (text) => (told += text))).toBe(1);
    expect(told).toContain(address);
    const nodes = [{ ...described.nodes[0], address }];
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ ...described, nodes });
    expect(await locate(file, () => undefined)).toBe(0);
  });
});

describe('the operator’s own machine', () => {
  it.skipIf(unable('a local connection', process.getuid?.() === 0 ? null : 'needs root'))(
    'needs no SSH',
    async () => {
      const ways = reach(knownHosts('/nowhere'), 5);
      expect(await whoAmI(await ways.to('minion-1', 'local', true))).toBe('root');
      await ways.close();
    },
  );
});
