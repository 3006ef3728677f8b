import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { readRecipe, recipeFor, rootKey } from '../../src/box/recipe.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../schemas/box.schema.json', import.meta.url), 'utf8'),
) as Record<string, unknown>;
const validate = new Ajv2020({ allErrors: true, strict: true }).compile(schema);
const recipe = readRecipe();

describe('the recipe of the box', () => {
  it('is what the schema says', () => {
    validate(recipe);
    expect(validate.errors).toBeNull();
  });

  it('enables only units that it brings itself', () => {
    const brought = recipe.files.map(({ path }) => path);
    for (const unit of recipe.units.enable) expect(brought).toContain(`/etc/systemd/system/${unit}`);
  });

  it('ships neither identity nor host keys', () => {
    expect(recipe.files).toContainEqual(expect.objectContaining({ path: '/etc/machine-id', content: [] }));
    expect(recipe.remove).toContain('/etc/ssh/ssh_host_*');
  });
});

it('brings what a cluster wants of its machines', () => {
  expect(recipeFor({ host: { nfsClient: false } })).toEqual(recipe);
  expect(recipeFor({ host: { nfsClient: true } }).packages).toEqual([...recipe.packages, 'nfs-common']);
});

describe('rootKey', () => {
  it.each([
    ['a package more', { ...recipe, packages: [...recipe.packages, 'jq'] }],
    ['another file', { ...recipe, files: recipe.files.slice(1) }],
    ['another suite', { ...recipe, suite: 'trixie' }],
  ])('changes with %s', (_, changed) => {
    expect(rootKey(changed)).not.toBe(rootKey(recipe));
  });

  it("does not change with the container's configuration", () => {
    expect(rootKey({ ...recipe, lxc: [] })).toBe(rootKey(recipe));
  });
});
