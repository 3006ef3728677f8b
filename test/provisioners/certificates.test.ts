import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/cluster/model.ts';
import { certificates } from '../../provisioners/certificates.ts';
import { expectGolden } from '../golden/golden.ts';
import { cluster } from './machines.ts';
import { planFor, resourcesOf } from './scratch.ts';

const heading = ['name', 'authority', 'common name', 'organizations', 'usages', 'names'];

/** The whole table as text, its columns aligned. */
function table(of: Cluster): string {
  const rows = certificates(of).map(({ name, authority, commonName, organizations, usages, names }) => [
    ...[name, authority, commonName, organizations.join(', '), usages.join(', ')],
    [...names.dns, ...names.ip].join(', '),
  ]);
  const widths = heading.map((_, column) =>
    Math.max(...[heading, ...rows].map((row) => row[column]?.length ?? 0)),
  );
  return [heading, ...rows]
    .map((row) =>
      row
        .map((cell, column) => (cell || '-').padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
    .concat('\n');
}

describe('the certificates', () => {
  it('of the default cluster are those of test/golden/certificates', () => {
    expectGolden('certificates', { 'default.txt': table(cluster) });
  });

  it('lie where the table says', () => {
    const plan = planFor('vm-cgroup-v2');
    for (const { name, place } of certificates(cluster).filter(
      (entry) => !entry.name.startsWith('operator/'),
    )) {
      const [machine = ''] = name.split('/');
      const resource = resourcesOf(plan, machine).find(
        (each) => each.resource.id === `file:${place}`,
      )?.resource;
      const content = JSON.stringify(resource?.steps(null));
      const mark = `<certificate ${name}>`;
      expect(content.includes(mark) || content.includes(btoa(`${mark}\n`)), `${name} in ${place}`).toBe(true);
    }
  });

  it('carry the further names of the API under their kinds', () => {
    const sans = ['api.example.org', '203.0.113.7', 'fd00::7'];
    const more = { ...cluster, controlPlane: { ...cluster.controlPlane, sans } };
    const names = certificates(more).find(({ name }) => name === 'master/apiserver')?.names;
    expect(names?.dns.at(-1)).toBe('api.example.org');
    expect(names?.ip.slice(-2)).toEqual(['203.0.113.7', 'fd00::7']);
  });

  it('give no machine the right of administrators, but masters and the operator', () => {
    const powerful = certificates(cluster).filter(({ organizations }) => organizations.length > 0);
    expect(powerful.map(({ name, organizations }) => [name, organizations])).toEqual([
      ['operator/admin', ['hardway:cluster-admins']],
      ['master/admin', ['hardway:cluster-admins']],
    ]);
  });

  it('are each named once', () => {
    const names = certificates(cluster).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
