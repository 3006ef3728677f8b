import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LOGIN } from '../../provisioners/login.ts';

const written = (machine: string): string =>
  readFileSync(join(import.meta.dirname, '../golden/vm-cgroup-v2', machine, LOGIN), 'utf8');

describe('what login shells read', () => {
  it.each(['dash', 'bash'])('%s: a script hears nothing, and no file that is not there is named', (shell) => {
    const script = `${written('master')}\nprintf '%s' "\${KUBECONFIG-none}"`;
    const env = { PATH: process.env['PATH'], HOME: '/nonexistent' };
    expect(execFileSync(shell, ['-euc', script], { env, encoding: 'utf8', stdio: 'pipe' })).toBe('none');
  });

  it('names the administrator on masters and the node itself elsewhere', () => {
    const credentials = (machine: string) => new Set(written(machine).match(/\/etc\/kubernetes\/\w+\.conf/g));
    expect(credentials('master')).toEqual(new Set(['/etc/kubernetes/admin.conf']));
    expect(credentials('minion-1')).toEqual(new Set(['/etc/kubernetes/kubelet.conf']));
  });

  it.each(['bash', 'dash'])('%s: a person is told what this machine is', (shell) => {
    const asked = `script -qec "${shell} -i" /dev/null`;
    const env = { PATH: process.env['PATH'], HOME: '/nonexistent', TERM: 'dumb', PS1: '' };
    const input = `${written('minion-1')}\nexit\n`;
    const said = execFileSync('sh', ['-c', asked], { env, input, encoding: 'utf8' });
    expect(said).toContain('cluster     lab\r\n');
    expect(said).toContain('machine     minion-1 (minion), 192.168.56.101\r\n');
    expect(said).toMatch(/^system {6}\w+.*\r$/m);
    expect(said).toMatch(/^runtime {5}containerd (v\d|is not there yet)/m);
  });
});
