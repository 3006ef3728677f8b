import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { hand } from '../../provisioners/hand.ts';
import { sha256OfFile, writeRecord } from '../../src/artefacts/record.ts';
import { redact } from '../../src/report/redact.ts';
import { freePort } from '../fixtures/free-port.ts';
import { emptyCache } from './client-cache.ts';
import { runMain, workplace } from './workplace.ts';

const work = workplace();
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.of-the-web-interface.signature';

/** A kubectl that forwards (or says why not) until it is ended, and makes a token. */
async function kubectl(forward: string, token = `echo ${TOKEN}`): Promise<string> {
  const file = join(emptyCache(), 'kubectl', '1.36.4-linux-amd64', 'kubectl');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    `#!/bin/sh
echo "$@" >> ${file}.asked
case $1 in
port-forward) ${forward} ;;
create) ${token} ;;
esac
`,
  );
  chmodSync(file, 0o755);
  writeRecord(file, await sha256OfFile(file));
  return file;
}

/** As if an add-on that is always on were the one with the page. */
const product = { ...work.product, hand: async () => ({ ...hand, web: { ...hand.web, addon: 'coredns' } }) };
const ui = (...words: string[]) => runMain(product, ['ui', ...words, '--file', work.file]);

beforeEach(() => writeFileSync(work.session().state.path('kubeconfig'), 'kubeconfig'));

describe('hardway ui', () => {
  it('says that the add-on is off, and how it comes on', async () => {
    const { code, err } = await work.run('ui');
    expect(code).toBe(1);
    expect(err).toMatch(/✗ addons\.headlamp is off.*\n.*"addons": \{"headlamp": true\}/);
  });
});

describe('hardway ui, when the add-on is on,', () => {
  it('prints address and token, and ends with Ctrl-C and its forwarding', async () => {
    const port = await freePort();
    const forward = `echo "Forwarding from 127.0.0.1:${port} -> 4466"; echo $$ > "$0.pid"; exec sleep 60`;
    const file = await kubectl(forward);
    const run = ui('--port', String(port));
    await expect
      .poll(() => readFileSync(`${file}.asked`, 'utf8'), { timeout: 10_000 })
      .toContain('create token');
    setTimeout(() => process.emit('SIGINT'), 500);
    const { code, out, err } = await run;
    expect([code, err, out]).toEqual([
      0,
      '',
      `http://127.0.0.1:${port}\n\ntoken, good for one hour:\n${TOKEN}\n\nCtrl-C ends it\n`,
    ]);
    expect(readFileSync(`${file}.asked`, 'utf8')).toBe(
      `port-forward --namespace headlamp --address 127.0.0.1 service/headlamp ${port}:80
create token reader --namespace headlamp --duration=1h\n`,
    );
    expect(() => process.kill(Number(readFileSync(`${file}.pid`, 'utf8')), 0)).toThrow('ESRCH');
    expect(redact(`a ${TOKEN}`)).toBe('a [secret]');
  });

  it.each([
    ['echo "error: unable to forward port because pod is not running" >&2; exit 1', 'pod is not running'],
    [
      'echo "Forwarding from 127.0.0.1:1 -> 4466"; sleep 1; echo "lost connection to pod" >&2; exit 1',
      'lost connection',
    ],
  ])('tells why it cannot be reached: %s', async (forward, evidence) => {
    await kubectl(forward);
    const { code, err } = await ui('--port', String(await freePort()));
    expect([code, err]).toEqual([1, expect.stringMatching(`✗ coredns cannot be reached\n[^]*${evidence}`)]);
  });

  it('tells why there is no token, and leaves nothing running', async () => {
    const forward = 'echo "Forwarding from 127.0.0.1:1 -> 4466"; exec sleep 60';
    await kubectl(forward, 'echo "serviceaccounts \\"reader\\" not found" >&2; exit 1');
    const { code, err } = await ui('--port', String(await freePort()));
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/✗ the cluster gives no token for coredns\n.*not found/),
    ]);
  });

  it('says that the port is taken, or is none', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void server.close());
    expect((await ui('--port', String(port))).err).toMatch(`✗ port ${port} of this computer cannot be used`);
    for (const text of ['0', '65536', 'x']) expect((await ui('--port', text)).err).toContain('is no port');
  });
});
