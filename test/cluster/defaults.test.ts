import { describe, expect, it } from 'vitest';
import schema from '../../schemas/cluster.schema.json' with { type: 'json' };
import { derive } from '../../src/cluster/derive.ts';
import { loadCluster } from '../../src/cluster/load.ts';
import { machineDefaults, settle } from '../../src/cluster/settings.ts';
import { compiler } from '../../src/cluster/schema-compiler.ts';

interface Field {
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly type?: unknown;
  readonly items?: Field;
  readonly additionalProperties?: unknown;
  readonly properties?: Readonly<Record<string, Field>>;
}

/** Every object of the schema with its place: "", ".network", ".nodes[]" … */
function objectsIn(field: Field, place = ''): readonly (readonly [string, Field])[] {
  const inner = Object.entries(field.properties ?? {}).flatMap(([key, value]) =>
    objectsIn(value, `${place}.${key}`),
  );
  const items = field.items === undefined ? [] : objectsIn(field.items, `${place}[]`);
  return [...(field.properties === undefined ? [] : [[place, field] as const]), ...inner, ...items];
}

const ajv = compiler();
const objects = [
  ...objectsIn(schema),
  ...objectsIn(schema.$defs.chart, '.addons.<chart>'),
  ...objectsIn(schema.$defs.ssh, '.nodes[].ssh'),
];
const fields = objects.flatMap(([place, { properties = {} }]) =>
  Object.entries(properties).map(([key, field]) => [`${place}.${key}`, field] as const),
);

describe('the schema', () => {
  it.each(fields)('describes %s, with examples that are right', (_, field) => {
    expect(field.description).toMatch(/^.{15,}\.$/s);
    const rule = { ...field, $defs: schema.$defs };
    const validate = ajv.compile(rule);
    for (const example of field.examples ?? []) expect(validate(example), JSON.stringify(example)).toBe(true);
    expect(field.examples).not.toHaveLength(0);
  });

  it.each(objects)('allows no unknown key in "%s"', (_, object) => {
    // Under "addons" any other name is a chart, and nothing else.
    expect(object.additionalProperties).toEqual(
      object === schema.properties.addons ? { $ref: '#/$defs/chart' } : false,
    );
  });
});

describe('defaults', () => {
  it('are those that the schema tells', () => {
    const { dns, ...settings } = settle({});
    const told = (keys: readonly string[]) =>
      keys.reduce<Field | undefined>((field, key) => field?.properties?.[key], schema)?.default;
    const compare = (value: unknown, path: readonly string[]) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        expect(told(path) ?? null, path.join('.')).toEqual(value);
      } else for (const [key, inner] of Object.entries(value)) compare(inner, [...path, key]);
    };
    compare({ ...settings, network: { ...settings.network, dns } }, []);
    const node = schema.properties.nodes.items.properties;
    const { cpus, memory, disk } = node;
    expect({ cpus: cpus.default, memory: memory.default, disk: disk.default }).toEqual(machineDefaults);
  });

  it('make the lab out of nothing, the same as the shipped cluster.json', () => {
    expect(derive({}, '/')).toEqual(loadCluster('cluster.json'));
  });
});

it('the shipped cluster.json is one master and two minions', () => {
  const { nodes, network, addons } = loadCluster('cluster.json');
  expect(nodes.map(({ name, address, cpus, memory }) => [name, address, cpus, memory])).toEqual([
    ['master', '192.168.56.11', 2, 2048],
    ['minion-1', '192.168.56.101', 2, 2048],
    ['minion-2', '192.168.56.102', 2, 2048],
  ]);
  expect(network).toMatchObject({
    apiServiceIP: '10.96.0.1',
    flannel: { backend: 'vxlan', vni: 1 },
    dns: { domain: 'cluster.local', serviceIP: '10.96.0.10' },
  });
  expect(addons).toEqual({ coredns: {} });
});
