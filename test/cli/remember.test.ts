import { readFileSync, statSync, utimesSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { leavingNodes, remember, rememberOwn } from '../../src/cli/remember.ts';
import { knownHosts } from '../../src/connection/known-hosts.ts';
import { StateError } from '../../src/errors.ts';
import { forget } from '../../src/state/forget.ts';
import { readInventory, writeMachine } from '../../src/state/inventory.ts';
import { workplace } from './workplace.ts';

const endpoint = { host: '10.0.0.5', port: 2222, user: 'vagrant', keys: ['/k'], provider: 'lxc' };

describe('what is remembered of machines', () => {
  it('is where they are, and what they are in the cluster', async () => {
    const { session } = workplace();
    const { state } = session();
    await remember(session(), { name: 'minion-1', ...endpoint });
    await remember(session(), { name: 'stranger', ...endpoint });
    expect(await readInventory(state)).toEqual([
      { name: 'minion-1', ...endpoint, roles: ['minion'], address: '10.99.0.12' },
      { name: 'stranger', ...endpoint },
    ]);
  });

  it('is written only when it is new', async () => {
    const { session } = workplace();
    const { state } = session();
    const file = state.path('inventory', 'minion-1.json');
    await remember(session(), { name: 'minion-1', ...endpoint });
    utimesSync(file, 1000, 1000);
    await remember(session(), { name: 'minion-1', ...endpoint });
    expect(statSync(file).mtimeMs).toBe(1_000_000);
    await remember(session(), { name: 'minion-1', ...endpoint, port: 22 });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ port: 22 });
  });

  it('is also kept of machines that cluster.json itself tells how to reach', async () => {
    const { session } = workplace();
    await rememberOwn(session());
    expect(await readInventory(session().state)).toMatchObject([
      { name: 'master', port: 9000, provider: '', roles: ['etcd', 'master'] },
      { name: 'minion-1', roles: ['minion'] },
      { name: 'minion-2', roles: ['minion'] },
    ]);
  });

  it('is forgotten with the host key, those of others stay', async () => {
    const { session } = workplace();
    const { state } = session();
    const hosts = knownHosts(state.path('known_hosts'));
    const key = Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('ssh-ed25519 and so on')]);
    await rememberOwn(session());
    await hosts.record('minion-1', 22, key);
    await hosts.record('minion-2', 22, key);
    await forget(state, 'minion-1');
    await forget(state, 'never-there');
    expect((await readInventory(state)).map(({ name }) => name)).toEqual(['master', 'minion-2']);
    const fresh = knownHosts(state.path('known_hosts'));
    expect([await fresh.load('minion-1', 22), (await fresh.load('minion-2', 22)).length]).toEqual([[], 1]);
  });
});

describe('machines that leave', () => {
  it('are those that are remembered and not in cluster.json any more', async () => {
    const { session, describe: say } = workplace();
    await rememberOwn(session());
    expect(await leavingNodes(session())).toEqual([]);
    say('minion-1');
    expect(await leavingNodes(session())).toMatchObject([
      { name: 'minion-2', roles: ['minion'], address: '10.99.0.13', ssh: null },
    ]);
    expect((await leavingNodes(session({ without: 'minion-1' }))).map(({ name }) => name)).toEqual([
      'minion-1',
      'minion-2',
    ]);
  });

  it('of which an older Hardway kept neither role nor address are minions at their endpoint', async () => {
    const { session } = workplace();
    await writeMachine(session().state, { name: 'old', ...endpoint });
    expect(await leavingNodes(session())).toMatchObject([
      { name: 'old', roles: ['minion'], address: '10.0.0.5' },
    ]);
  });

  it.each([[['etcd']], [['master']], [['master', 'etcd', 'minion']]] as const)(
    'must not be the last with the data or the control plane: %j',
    async (roles) => {
      const whole = workplace().session();
      const lacking = {
        ...whole.cluster,
        nodes: whole.cluster.nodes.filter(({ name }) => name !== 'master'),
      };
      const session = () => ({ ...whole, cluster: lacking });
      await writeMachine(session().state, { name: 'keeper', ...endpoint, roles: [...roles] });
      await expect(leavingNodes(session())).rejects.toThrow(StateError);
      await expect(leavingNodes(session())).rejects.toThrow(/^keeper holds .* it cannot leave$/);
    },
  );
});
