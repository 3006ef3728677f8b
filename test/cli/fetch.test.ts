import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { client } from '../../provisioners/client.ts';
import { systemOf } from '../../src/cli/system.ts';
import { serveFiles, sha256 } from '../artefacts/workbench.ts';
import { compiled, emptyCache } from './client-cache.ts';
import { runMain, workplace } from './workplace.ts';

const work = workplace();
const state = work.session().state;
const kubeconfig = state.path('kubeconfig');
const fetch = (...words: string[]) =>
  runMain(work.product, ['kubectl', 'fetch', ...words, '--file', work.file]);

const { os, arch } = systemOf();
const path = `/release/v1.36.4/bin/${os}/${arch}/kubectl`;
const tool = '#!/bin/sh\necho "$@" >"$0.asked"\n';
const served = { [path]: tool, [`${path}.sha256`]: sha256(tool) };

let cache = '';
beforeEach(() => {
  cache = emptyCache();
  rmSync(kubeconfig, { force: true });
});
const file = (): string => join(cache, 'kubectl', `1.36.4-${os}-${arch}`, 'kubectl');
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'hardway-fetch-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
};

describe('hardway kubectl fetch', () => {
  it('brings the one that fits the cluster, verified and executable', async () => {
    const { url, asked } = await serveFiles(served);
    const { code, out } = await fetch('--from', url);
    expect([code, readFileSync(file(), 'utf8'), statSync(file()).mode & 0o777]).toEqual([0, tool, 0o755]);
    expect(out).toContain(`kubectl: fetched and verified (kubectl 1.36.4, ${os} ${arch})`);
    expect(out).toContain('there is no cluster yet to list the nodes of');
    expect(asked.sort()).toEqual([`GET ${path}`, `GET ${path}.sha256`, `HEAD ${path}`]);
  });

  it('ends with the nodes, asked with the cluster’s kubeconfig', async () => {
    const { url } = await serveFiles(served);
    writeFileSync(kubeconfig, 'kubeconfig');
    expect((await fetch('--from', url)).code).toBe(0);
    expect(readFileSync(`${file()}.asked`, 'utf8')).toBe('get nodes\n');
  });

  it('contacts nobody the second time', async () => {
    const { url, asked } = await serveFiles(served);
    await fetch('--from', url);
    const before = asked.length;
    const { code, out } = await fetch('--from', url);
    expect([code, asked.length]).toEqual([0, before]);
    expect(out).toContain('kubectl: is there and unharmed');
  });

  it('replaces a damaged one', async () => {
    const { url } = await serveFiles(served);
    await fetch('--from', url);
    writeFileSync(file(), 'damaged');
    const { code, out } = await fetch('--from', url);
    expect([code, readFileSync(file(), 'utf8')]).toEqual([0, tool]);
    expect(out).toContain('was damaged; fetched anew and verified');
  });

  it('puts it into a folder too, and mends it there without a download', async () => {
    const { url, asked } = await serveFiles(served);
    const to = folder();
    await fetch('--from', url, '--to', to);
    const before = asked.length;
    writeFileSync(join(to, 'kubectl'), 'damaged');
    writeFileSync(join(to, '.kubectl.4194300.0123456789ab'), 'begun by somebody who was interrupted');
    const { code, out } = await fetch('--from', url, '--to', to);
    expect([code, asked.length, readFileSync(join(to, 'kubectl'), 'utf8')]).toEqual([0, before, tool]);
    expect(out).toContain(`${join(to, 'kubectl')}: was damaged`);
    expect(readdirSync(to)).toEqual(['kubectl']);
  });

  it.each([
    ['another program', { [path]: 'other', [`${path}.sha256`]: sha256(tool) }, /is not the expected file/],
    ['no sum', { [path]: tool }, /sha256 answered 404/],
    ['a sum that is none', { [path]: tool, [`${path}.sha256`]: 'x' }, /holds no sha256/],
    ['nothing', {}, /kubectl 1\.36\.4 cannot be fetched: .* cannot be reached \(.*404/],
  ])('keeps nothing of %s', async (_, files, message) => {
    const { url } = await serveFiles(files);
    const { code, err } = await fetch('--from', url);
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
    expect(existsSync(file())).toBe(false);
  });

  it('takes what machines are given where releases cannot be reached, and says so', async () => {
    const own = await compiled(cache);
    const { code, out } = await fetch('--from', 'http://127.0.0.1:9');
    expect([code, readFileSync(file())]).toEqual([0, readFileSync(own)]);
    expect(out).toMatch(/127\.0\.0\.1:9 cannot be reached \(.*\): the one that machines are given is taken/);
  });

  it.each([
    ['1.34.0', /is more than one minor release away from Kubernetes 1\.36\.4/],
    ['newest', /newest is no version; write 1\.36\.4/],
  ])('refuses --version %s', async (version, message) => {
    const { code, err } = await fetch('--version', version, '--from', 'http://127.0.0.1:9');
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
  });

  it('takes a near version, with or without a v', async () => {
    const near = path.replace('1.36.4', '1.35.9');
    const { url } = await serveFiles({ [near]: tool, [`${near}.sha256`]: sha256(tool) });
    expect((await fetch('--version', 'v1.35.9', '--from', url)).code).toBe(0);
    expect(existsSync(file().replace('1.36.4', '1.35.9'))).toBe(true);
  });
});

describe('this computer', () => {
  it.each([
    ['linux', 'x64', 'linux/amd64/kubectl'],
    ['linux', 'arm64', 'linux/arm64/kubectl'],
    ['linux', 'ppc64', 'linux/ppc64le/kubectl'],
    ['darwin', 'arm64', 'darwin/arm64/kubectl'],
    ['win32', 'x64', 'windows/amd64/kubectl.exe'],
    ['cygwin', 'ia32', 'windows/386/kubectl.exe'],
  ])('is known as %s %s', (platform, cpu, end) => {
    expect(client.address('1.36.4', systemOf(platform, cpu))).toBe(
      `https://dl.k8s.io/release/v1.36.4/bin/${end}`,
    );
  });

  it('is refused when nothing is released for it', () => {
    expect(() => systemOf('sunos', 'x64')).toThrow('no programs are released for sunos on x64');
    expect(() => systemOf('linux', 'mips')).toThrow('no programs are released for linux on mips');
    expect(client.address('1.36.4', { os: 'darwin', arch: '386' })).toBeNull();
  });
});
