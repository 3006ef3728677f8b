import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localConnection } from '../../src/connection/local.ts';
import { differences } from '../../src/engine/difference.ts';
import { unknown } from '../../src/engine/resource.ts';
import { etcdKey, etcdUsers, flannelLease } from '../../provisioners/resources/etcd-access.ts';

const header =
  '"header":{"cluster_id":15118495548433857066,"member_id":13668033151171901709,"revision":1,"raft_term":2}';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** As etcdctl 3.6.14 printed it, by line; a real member set up by the recipe's own steps. */
const lines = {
  recorded: 'recorded',
  auth: `auth||{${header},"enabled":true,"authRevision":16}`,
  root: `user|root|{${header},"roles":["root"]}`,
  api: `user|kube-apiserver-etcd-client|{${header},"roles":["kube-apiserver-etcd-client"]}`,
  flannel: `user|flannel|{${header},"roles":["flannel"]}`,
  apiRole: `role|kube-apiserver-etcd-client|{${header},"perm":[{"permType":2,"key":"L3JlZ2lzdHJ5Lw==","range_end":"L3JlZ2lzdHJ5MA=="},{"permType":2,"key":"Y29tcGFjdF9yZXZfa2V5"},{"key":"aGVhbHRo"}]}`,
  flannelRole: `role|flannel|{${header},"perm":[{"permType":2,"key":"L2NvcmVvcy5jb20vbmV0d29yay8=","range_end":"L2NvcmVvcy5jb20vbmV0d29yazA="}]}`,
};
const output = (changed: Partial<typeof lines> = {}): string =>
  ['answered', ...Object.values({ ...lines, ...changed })].join('\n');

function drift(text: string): string[] {
  const users = etcdUsers();
  const answer = users.question.parse(text);
  if (answer === unknown) return ['unknown'];
  return differences(users, answer).map(
    ({ key, now, wanted }) => `${key}: ${String(now)} → ${String(wanted)}`,
  );
}

const permission = (key: string, end: string, type = 2): string =>
  `role|flannel|{"perm":[{"permType":${type},"key":"${base64(key)}","range_end":"${base64(end)}"}]}`;
const wanted = 'readwrite /coreos.com/network/*';

describe('the users of etcd', () => {
  const cases: [string, string, string[]][] = [
    ['as set up', output(), []],
    ['in another order', output().split('\n').toSorted().join('\n'), []],
    ['etcd does not answer', '', ['unknown']],
    ['changed since it was recorded, but well', output({ recorded: '' }), ['recorded: false → true']],
    [
      'authentication is off',
      output({ auth: `auth||{${header},"authRevision":1}` }),
      ['authentication: false → true'],
    ],
    ['a user is missing', output({ flannel: 'user|flannel|' }), ['user flannel: null → flannel']],
    ['a role is missing', output({ flannelRole: 'role|flannel|' }), [`role flannel: null → ${wanted}`]],
    ['a user without role', output({ flannel: `user|flannel|{${header}}` }), ['user flannel:  → flannel']],
    [
      'a user with one role more',
      output({ flannel: 'user|flannel|{"roles":["flannel","root"]}' }),
      ['user flannel: flannel,root → flannel'],
    ],
    [
      'only reading',
      output({ flannelRole: permission('/coreos.com/network/', '/coreos.com/network0', 0) }),
      [`role flannel: read /coreos.com/network/* → ${wanted}`],
    ],
    [
      'everything from there on, the Secrets of the cluster too',
      output({ flannelRole: permission('/coreos.com/network/', '\0') }),
      [`role flannel: readwrite /coreos.com/network/ to "\\u0000" → ${wanted}`],
    ],
    [
      'a wider range',
      output({ flannelRole: permission('/coreos.com/network/', '/s') }),
      [`role flannel: readwrite /coreos.com/network/ to "/s" → ${wanted}`],
    ],
  ];
  it.each(cases)('%s', (_, text, expected) => {
    expect(drift(text)).toEqual(expected);
  });

  it('are set up before authentication is switched on', () => {
    const [step] = etcdUsers().steps(null);
    const script = step !== undefined && 'run' in step ? step.run : '';
    expect(script.trimEnd()).toMatch(/auth enable >\/dev\/null$/);
    expect(script.match(/grant-permission/g)).toHaveLength(4);
  });

  it('are only recorded when nothing else is missing', () => {
    const { desired, steps } = etcdUsers();
    expect(steps({ ...desired, recorded: false })).toHaveLength(1);
    expect(steps({ ...desired, 'user flannel': '' })).toHaveLength(2);
  });

  it('are asked one by one only when etcd counts other changes than were recorded', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hardway-test-'));
    const calls = join(folder, 'calls');
    const member = join(folder, 'etcdctl');
    const ask = async (revision: number): Promise<string> => {
      const reply = `{"header":{"cluster_id":77,"member_id":1},"enabled":true,"authRevision":${revision}}`;
      writeFileSync(member, `#!/bin/sh\necho "$*" >>${calls}\necho '${reply}'\n`, { mode: 0o755 });
      const { question, steps } = etcdUsers();
      const [step] = steps(etcdUsers().desired);
      const here = (script: string): string =>
        script
          .replaceAll(/\/usr\/local\/bin\/etcdctl( --endpoints\S+ --cacert\S+ --cert\S+ --key\S+)?/g, member)
          .replaceAll('/var/lib/', `${folder}/`);
      mkdirSync(join(folder, 'etcd/member'), { recursive: true });
      mkdirSync(join(folder, 'hardway'), { recursive: true });
      rmSync(calls, { force: true });
      const { stdout } = await localConnection().run(here(question.ask));
      const asked = readFileSync(calls, 'utf8').split('\n').length - 1;
      if (step !== undefined && 'run' in step) await localConnection().run(here(step.run));
      return `${asked} ${stdout.includes('\nrecorded\n')}`;
    };
    try {
      expect([await ask(16), await ask(16), await ask(17)]).toEqual(['6 false', '1 true', '6 false']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a key of etcd', () => {
  const value = '{"Network":"10.244.0.0/16"}';
  const key = etcdKey('/coreos.com/network/config', value);
  const answers: [string, string, unknown][] = [
    ['there', `${value}\nanswered`, key.desired],
    [
      'another value',
      '{}\nanswered',
      { sha256: expect.not.stringMatching(String(key.desired?.['sha256'])) as string },
    ],
    ['not there', 'answered', null],
    ['no answer', '', unknown],
  ];
  it.each(answers)('%s', (_, text, expected) => {
    expect(key.question.parse(text)).toEqual(expected);
  });
});

describe('the subnet of a machine that left', () => {
  const lease = flannelLease('minion-2', '10.0.0.3');
  /** As etcdctl prints them: a line with the key, a line with the value. */
  const entry = (subnet: string, address: string): string =>
    `/coreos.com/network/subnets/${subnet}\n{"PublicIP":"${address}","BackendType":"vxlan"}`;
  const answers: [string, string, unknown][] = [
    [
      'is found by its address',
      `${entry('10.244.1.0-24', '10.0.0.2')}\n${entry('10.244.7.0-24', '10.0.0.3')}\nanswered`,
      { subnet: '10.244.7.0-24' },
    ],
    ['is the first one', `${entry('10.244.7.0-24', '10.0.0.3')}\nanswered`, { subnet: '10.244.7.0-24' }],
    ['is gone', `${entry('10.244.1.0-24', '10.0.0.2')}\nanswered`, null],
    ['is not one whose address begins alike', `${entry('10.244.1.0-24', '10.0.0.30')}\nanswered`, null],
    ['is gone with all others', 'answered', null],
    ['is unknown while etcd does not answer', '', unknown],
  ];
  it.each(answers)('%s', (_, text, expected) => {
    expect(lease.question.parse(text)).toEqual(expected);
  });

  it('is given back alone', () => {
    const [step] = lease.steps({ subnet: '10.244.7.0-24' });
    const script = step !== undefined && 'run' in step ? step.run : '';
    expect(script).toMatch(/ del '?\/coreos\.com\/network\/subnets\/10\.244\.7\.0-24'? >\/dev\/null$/);
  });
});
