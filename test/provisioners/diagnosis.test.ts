import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lastWords } from '../../provisioners/diagnosis.ts';
import { localConnection } from '../../src/connection/local.ts';
import type { Script } from '../../src/connection/quote.ts';

/** Runs a script with these programs before all others on the path; each prints its text. */
async function withPrograms(script: Script, programs: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'hardway-diagnosis-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\ncat <<'EOF'\n${text}\nEOF\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return (await localConnection().run(`PATH=${folder}:$PATH\n${script}`)).stdout;
}

describe('the last words of a service', () => {
  const words: [what: string, log: string[], first: string][] = [
    [
      'of the kubelet',
      [
        'I1121 05:43:35.460085    1949 apiserver.go:51] "Watching apiserver"',
        'E1121 05:43:35.486130    1949 run.go:72] "command failed" err="failed to run Kubelet: running with swap on is not supported"',
      ],
      'kubelet is failed: "command failed" err="failed to run Kubelet: running with swap on is not supported"',
    ],
    [
      'of etcd, which writes JSON',
      [
        '{"level":"fatal","ts":"2026","caller":"etcdmain/etcd.go:204","msg":"discovery failed","error":"member has no data"}',
        '{"level":"info","msg":"closing"}',
      ],
      'etcd is failed: discovery failed: member has no data',
    ],
    [
      'of a program that knows no such flag',
      ['Error: unknown flag: --foo', 'see --help'],
      'x is failed: Error: unknown flag: --foo',
    ],
    ['without any mistake', ['one', 'two'], 'x is failed: two'],
  ];
  it.each(words)('%s: the last mistake first, the log below', async (_, log, first) => {
    const service = first.split(' ')[0] ?? '';
    const said = await withPrograms(lastWords(service), { journalctl: log.join('\n'), systemctl: 'failed' });
    expect(said).toBe([first, ...log, ''].join('\n'));
  });

  it('are cut to what a terminal can bear', async () => {
    const said = await withPrograms(lastWords('x'), { journalctl: 'y'.repeat(5000), systemctl: 'active' });
    expect(said.split('\n')[1]).toHaveLength(300);
  });
});
