import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Artefact } from '../../src/artefacts/artefact.ts';
import { artefact } from '../../src/resources/artefact.ts';
import { bring, drift, relocated, workFolder } from './bench.ts';

const folder = workFolder();
const RECORDS = '/var/lib/hardway/digests';
const bytes = 'a program\n'.repeat(100);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const source = join(folder, 'cached');
writeFileSync(source, bytes);

let count = 0;
let path: string;
let machine: ReturnType<typeof relocated>;
beforeEach(() => {
  path = join(folder, `bin${(count += 1)}`, 'kubelet');
  machine = relocated(RECORDS, join(folder, 'digests'));
});

const locked = (kind: Artefact['kind'] = 'binary'): Artefact => ({
  ...{ name: 'kubelet', version: '1.36.4', kind, file: source, sha256, size: bytes.length },
  source: 'releases',
});
const wanted = (): ReturnType<typeof artefact> => artefact(locked(), path);
const found = (digest: string): string => `sha256: ${digest} → ${sha256}`;
const unrecorded = 'recorded: false → true';

describe('artefact', () => {
  it('is installed from the cache and then as desired', async () => {
    expect(await drift(wanted(), machine)).toEqual(['present: false → true']);
    expect(await bring(wanted(), machine)).toEqual(['put', 'run']);
    expect(await drift(wanted(), machine)).toEqual([]);
    expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual([bytes, 0o755]);
    expect(machine.puts.map(({ sha256: sent }) => sent)).toEqual([sha256]);
  });

  it('makes programs executable, images not', async () => {
    await bring(artefact(locked('image'), path), machine);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it('finds damage although size and modification time are the same', async () => {
    await bring(wanted(), machine);
    const { mtime } = statSync(path);
    const damaged = bytes.replace('a', 'b');
    writeFileSync(path, damaged);
    utimesSync(path, mtime, mtime);
    const digest = createHash('sha256').update(damaged).digest('hex');
    expect(await drift(wanted(), machine)).toEqual([unrecorded, found(digest)]);
    expect(await bring(wanted(), machine)).toEqual(['put', 'run']);
    expect(await drift(wanted(), machine)).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe(bytes);
  });

  it('trusts a recorded digest while the file is untouched, and computes it again when it was', async () => {
    await bring(wanted(), machine);
    const record = join(folder, 'digests', path);
    const lie = 'f'.repeat(64);
    writeFileSync(record, readFileSync(record, 'utf8').replace(sha256, lie));
    expect(await drift(wanted(), machine)).toEqual([found(lie)]);

    const later = new Date(Date.now() + 5000);
    utimesSync(path, later, later);
    expect(await drift(wanted(), machine)).toEqual([unrecorded]);
    expect(await bring(wanted(), machine)).toEqual(['run']);
    expect(machine.puts).toHaveLength(1);
    expect(await drift(wanted(), machine)).toEqual([]);
  });

  it('mends a mode without sending the program again', async () => {
    await bring(wanted(), machine);
    chmodSync(path, 0o700);
    expect(await drift(wanted(), machine)).toEqual(['mode: 0700 → 0755', unrecorded]);
    expect(await bring(wanted(), machine)).toEqual(['run']);
    expect(await drift(wanted(), machine)).toEqual([]);
  });

  it('installs nothing when the cached file is not what was promised', async () => {
    const other = artefact({ ...locked(), sha256: 'a'.repeat(64) }, path);
    await expect(bring(other, machine)).rejects.toThrow(/sha256/);
    expect(await drift(other, machine)).toEqual(['present: false → true']);
  });
});
