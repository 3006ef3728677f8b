import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../../provisioners/probes/asked.ts';
import { packageRoot } from '../../src/package-root.ts';
import { freePort } from '../fixtures/free-port.ts';

/** What runs in the pods of verify and demo, here on this host. */
describe('the probe', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-probe-'));
  const program = join(folder, 'probe');
  const running: ChildProcess[] = [];

  beforeAll(() => {
    const cwd = fileURLToPath(new URL('boxes/modules/probe', packageRoot));
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false' };
    execFileSync('go', ['vet', '.'], { cwd, env });
    execFileSync('go', ['build', '-o', program, '.'], { cwd, env });
  }, 180_000);
  afterEach(() => running.splice(0).forEach((child) => child.kill('SIGKILL')));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function start(env: Readonly<Record<string, string>>, ...words: string[]): Promise<string> {
    const port = String(await freePort());
    running.push(spawn(program, words, { env: { ...process.env, PORT: port, ...env }, stdio: 'ignore' }));
    return `127.0.0.1:${port}`;
  }

  /** As soon as somebody answers there. */
  async function page(
    address: string,
    path: string,
    method = 'GET',
  ): Promise<{ status: number; text: string }> {
    for (const end = Date.now() + 10_000; ;) {
      try {
        const response = await fetch(`http://${address}${path}`, { method });
        return { status: response.status, text: (await response.text()).trim() };
      } catch (error) {
        if (Date.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    }
  }
  const raised = async (address: string): Promise<string> =>
    (await page(address, '/counters/x', 'POST')).text;

  it('asks for packets, names and pages at once, and says what it was told', async () => {
    const address = await start({ POD: 'a', NODE: 'b' }, 'answer');
    expect((await page(address, '/')).text).toBe('a on b');
    const query = `/ask?datagram=127.0.0.1&name=localhost,no.such.name.invalid&page=${address},127.0.0.1:1`;
    const answers = JSON.parse((await page(address, query)).text) as Answer[];
    expect(answers.map(({ kind, said = '', error }) => [kind, said, error !== undefined])).toEqual([
      ['small', '', false],
      ['full', '', false],
      ['name', expect.stringContaining('127.0.0.1'), false],
      ['name', '', true],
      ['page', 'a on b', false],
      ['page', '', true],
    ]);
  });

  it('has on the disk what it has counted: killed, it goes on', async () => {
    const first = await start({}, 'database', folder);
    expect([await raised(first), await raised(first)]).toEqual(['1', '2']);
    running.splice(0).forEach((child) => child.kill('SIGKILL'));
    expect(await raised(await start({}, 'database', folder))).toBe('3');
  });

  it('does not begin with a database that cannot be read', async () => {
    const broken = mkdtempSync(join(folder, 'broken-'));
    writeFileSync(join(broken, 'counters.json'), '{"x":');
    await start({}, 'database', broken);
    const code = await new Promise((resolve) => running.at(-1)!.once('exit', resolve));
    expect(code).toBe(1);
  });

  it('shows a page with the number that the database counted, and says when there is none', async () => {
    const database = await start({}, 'database', mkdtempSync(join(folder, 'front-')));
    await page(database, '/counters/visitors');
    const front = await start({ DATABASE: database, POD: '<p>' }, 'front');
    expect((await page(front, '/')).text).toContain('<b id="visitor">1</b>');
    expect((await page(front, '/')).text).toContain('&lt;p&gt; on ');
    running[0]!.kill('SIGKILL');
    expect(await page(front, '/')).toMatchObject({
      status: 502,
      text: expect.stringContaining('does not answer'),
    });
  });
});
