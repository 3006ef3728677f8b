import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../src/package-root.ts';

const root = fileURLToPath(packageRoot);

interface Import {
  readonly from: string;
  /** Path below the root for our own files, else the package. */
  readonly to: string;
  readonly typesOnly: boolean;
}

const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
    .map((name) => join(folder, name))
    .sort();
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const lines = (file: string): number => text(file).split('\n').length - 1;

const sources = ['src', 'provisioners'].flatMap((folder) => filesIn(folder, '.ts'));
const imports = sources.flatMap(importsOf);

/** import, export … from and import(): everything that names another file. */
function importsOf(from: string): Import[] {
  const statements = text(from).matchAll(
    /^(?:import|export) ([^;]*? from )?'([^']+)';|import\('([^']+)'\)/gm,
  );
  return [...statements].map(([, clause = '', fixed = '', dynamic = '']) => {
    const target = fixed || dynamic;
    const to = target.startsWith('.') ? relative(root, join(root, dirname(from), target)) : target;
    const named = /^\{(.*)\} from $/s.exec(clause)?.[1]?.split(',') ?? [''];
    const typesOnly =
      clause.startsWith('type ') || named.every((name) => /^\s*(type\s|$)/.test(name) && clause !== '');
    return { from, to, typesOnly: typesOnly && dynamic === '' && clause.includes('{') };
  });
}

const between = (from: string, to: string): Import[] =>
  imports.filter((each) => each.from.startsWith(from) && each.to.startsWith(to));
const told = (found: Import[]): string[] => found.map(({ from, to }) => `${from} imports ${to}`);

describe('the house', () => {
  it('is read completely: every file of ours is imported under its real name', () => {
    const ours = imports.filter(({ to }) => /^(src|provisioners|boxes)\//.test(to));
    expect(ours.length).toBeGreaterThan(200);
    expect(ours.filter(({ to }) => !sources.includes(to) && !to.endsWith('.json'))).toEqual([]);
    expect(between('provisioners', 'src').length).toBeGreaterThan(50);
  });

  it('src never knows the recipe', () => {
    expect(told(between('src', 'provisioners'))).toEqual([]);
  });

  it('the engine knows connections by their type, and two ways to write shell text', () => {
    const values = between('src/engine', 'src/connection').filter(({ typesOnly }) => !typesOnly);
    const allowed = ['src/connection/quote.ts', 'src/connection/bundle.ts'];
    expect(told(values.filter(({ to }) => !allowed.includes(to)))).toEqual([]);
    expect(values.length).toBeGreaterThan(0);
  });

  it('engine and resources know nothing of command line, cluster or keys', () => {
    const below = ['src/cli', 'src/cluster', 'src/pki', 'src/state', 'src/lab', 'src/box'];
    const found = ['src/engine', 'src/resources'].flatMap((from) => below.flatMap((to) => between(from, to)));
    expect(told(found)).toEqual([]);
  });

  it('one file of src/pki knows forge, and none elsewhere', () => {
    expect(told(between('', 'node-forge'))).toEqual(['src/pki/der.ts imports node-forge']);
  });

  it('SSH is spoken in src/connection only', () => {
    const found = between('', 'ssh2').filter(({ from }) => !from.startsWith('src/connection/'));
    expect(told(found)).toEqual([]);
  });

  it('files are small: half of them at most 80 lines, none above 250', () => {
    const all = [...sources, ...filesIn('provisioners', '.rb'), ...filesIn('provisioners', '.hbs')];
    expect(all.filter((file) => lines(file) > 250)).toEqual([]);
    const sizes = sources.map(lines).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(80);
  });

  it('the Ruby between Vagrant and the engine stays a shim: less than 200 lines together', () => {
    const shim = filesIn('provisioners', '.rb');
    expect(shim.length).toBeGreaterThan(3);
    expect(shim.map(lines).reduce((sum, count) => sum + count)).toBeLessThan(200);
  });
});
