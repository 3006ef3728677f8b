import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newAuthority } from '../../src/pki/authority.ts';
import { newKeySync, privateKeyPem, publicHalf } from '../../src/pki/keys.ts';
import { calendarScript, readCalendar } from '../../provisioners/calendar.ts';
import { kubeconfig } from '../../provisioners/kubeconfig.ts';
import { openssl, scratchDirectory } from '../pki/openssl.ts';

const root = mkdtempSync(join(scratchDirectory(), 'calendar-'));

it('tells of each certificate what openssl tells, and never prints a key', async () => {
  const ca = await newAuthority({ commonName: 'kubernetes', days: 20 });
  const key = newKeySync();
  const leaf = ca.issue({
    publicKey: publicHalf(key),
    commonName: 'hardway-admin',
    organizations: ['admins'],
    usages: ['client'],
    days: 5,
  }).certificatePem;
  const lay = (path: string, content: string): void => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  lay('etc/kubernetes/pki/ca.crt', ca.certificatePem);
  lay('etc/kubernetes/pki/apiserver.key', privateKeyPem(key));
  lay(
    'etc/kubernetes/admin.conf',
    kubeconfig('lab', 'https://x', ca.certificatePem, 'a', { certificate: leaf, key: privateKeyPem(key) }),
  );
  lay('var/lib/kubelet/pki/kubelet-client-current.pem', leaf + privateKeyPem(key));
  lay('var/lib/kubelet/pki/kubelet-client-2026-01-01.pem', leaf);

  const script = calendarScript.replaceAll(/(?<= )\/(etc|var)\//g, `${root}/$1/`);
  const printed = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
  expect(printed).not.toContain('PRIVATE');
  expect(printed).not.toContain(Buffer.from(privateKeyPem(key)).toString('base64').slice(0, 60));

  const found = readCalendar(printed).map(({ place, ...rest }) => ({
    place: place.slice(root.length),
    ...rest,
  }));
  expect(found.map(({ place, subject, isAuthority }) => [place, subject, isAuthority])).toEqual([
    ['/etc/kubernetes/admin.conf', 'CN=kubernetes', true],
    ['/etc/kubernetes/admin.conf', 'CN=hardway-admin, O=admins', false],
    ['/etc/kubernetes/pki/ca.crt', 'CN=kubernetes', true],
    ['/var/lib/kubelet/pki/kubelet-client-current.pem', 'CN=hardway-admin, O=admins', false],
  ]);
  for (const { pem, ends, serial, fingerprint } of found) {
    const said = openssl(['x509', '-noout', '-enddate', '-serial', '-fingerprint', '-sha256'], pem);
    expect(said).toContain(`serial=${serial}`);
    expect(said).toContain(`=${fingerprint}`);
    expect(new Date(/notAfter=(.*)/.exec(said)?.[1] ?? '').toISOString()).toBe(ends);
  }
});
