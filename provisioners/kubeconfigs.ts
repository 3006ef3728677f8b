import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, isSeq, parse, parseDocument, Scalar, stringify, visit } from 'yaml';
import type { Document, YAMLMap } from 'yaml';
import type { Kubeconfigs, Own } from '../src/cli/hand.ts';
import { UsageError } from '../src/errors.ts';
import { apiHosts } from './endpoint.ts';

/** The lists of a kubeconfig, each of entries with a name, and what an entry holds. */
const LISTS = { clusters: 'cluster', users: 'user', contexts: 'context' } as const;
type List = keyof typeof LISTS;
const lists = Object.keys(LISTS) as List[];

/** How we know our own entries again: kubectl keeps extensions as they are. */
const MARK = 'hardway.dev/origin';

interface Kubeconfig {
  readonly [list: string]: readonly { readonly name: string; readonly [field: string]: unknown }[];
}

export const kubeconfigs: Kubeconfigs = {
  merge(text, own) {
    const document = read(text, own.file);
    for (const list of lists) put(document, list, own);
    const current = document.get('current-context');
    if (own.use || typeof current !== 'string' || current === '')
      document.set('current-context', quoted(document, own.name));
    return written(text, document);
  },
  unmerge(text, { origin, file }) {
    if (text.trim() === '') return text;
    const document = read(text, file);
    const gone = lists.flatMap((list) => take(document, list, origin, file));
    if (gone.includes(String(document.get('current-context')))) document.set('current-context', '');
    return written(text, document);
  },
  at(kubeconfig, server) {
    const whole = parse(kubeconfig) as Kubeconfig;
    const clusters = (whole['clusters'] ?? []).map((one) => ({
      ...one,
      cluster: { ...(one['cluster'] as object), server },
    }));
    return stringify({ ...whole, clusters }, { lineWidth: 0, version: '1.1', compat: 'core' });
  },
  servers(cluster) {
    const { port } = cluster.controlPlane;
    return apiHosts(cluster).map((host) => `https://${host.includes(':') ? `[${host}]` : host}:${port}`);
  },
  authority(kubeconfig) {
    const [first] = (parse(kubeconfig) as Kubeconfig)['clusters'] ?? [];
    const data = (first?.['cluster'] as Record<string, string>)['certificate-authority-data'] ?? '';
    return Buffer.from(data, 'base64').toString();
  },
};

const EMPTY = 'apiVersion: v1\nkind: Config\n';

/** Comments and order stay. */
function read(text: string, file: string): Document {
  const document = parseDocument(text.trim() === '' ? EMPTY : text);
  const [mistake] = document.errors;
  if (mistake !== undefined) throw unreadable(file, mistake.message.split('\n')[0] ?? '');
  if (!isMap(document.contents)) throw unreadable(file, 'it is no map of clusters, users and contexts');
  return document;
}

const unreadable = (file: string, why: string): UsageError =>
  new UsageError(`${file} cannot be read as a kubeconfig: ${why}`, {
    remedy: 'Mend it, or name another file with --to; it was not touched.',
  });

function entries(document: Document, list: List, file: string): YAMLMap[] {
  const found: unknown = document.get(list);
  if (found === undefined || found === null || (isScalar(found) && found.value === null)) return [];
  if (!isSeq(found) || !found.items.every((item) => isMap(item)))
    throw unreadable(file, `${list} is no list of entries`);
  return found.items as YAMLMap[];
}

/** One entry of ours into its list, at the place where it was. */
function put(document: Document, list: List, own: Own): void {
  const [wanted] = (parse(own.kubeconfig) as Kubeconfig)[list] ?? [];
  if (wanted === undefined) throw unreadable(own.file, `ours has no ${list}`);
  const marked = { [LISTS[list]]: { ...(wanted[LISTS[list]] as object), extensions: [mark(own.origin)] } };
  const entry = { name: wanted.name, ...marked };
  const all = entries(document, list, own.file);
  const at = all.findIndex((item) => item.get('name') === wanted.name);
  const there = all[at];
  if (there === undefined) document.set(list, document.createNode([...all, quoted(document, entry)]));
  else if (isDeepStrictEqual(there.toJSON(), entry)) return;
  else if (isOurs(there, list, own.origin) || isDeepStrictEqual(there.toJSON(), wanted) || own.replace)
    document.setIn([list, at], quoted(document, entry));
  else throw foreign(list, wanted.name, own.file);
}

const foreign = (list: List, name: string, file: string): UsageError =>
  new UsageError(`${file} has another ${LISTS[list]} called ${name}`, {
    remedy: 'Rename one of them, or write ours in its place with --replace; the file was not touched.',
  });

const mark = (origin: string) => ({ name: MARK, extension: { state: origin } });

function isOurs(entry: YAMLMap, list: List, origin: string): boolean {
  const { extensions } = ((entry.toJSON() as Record<string, unknown>)[LISTS[list]] ?? {}) as {
    extensions?: unknown[];
  };
  return extensions?.some((one) => isDeepStrictEqual(one, mark(origin))) ?? false;
}

/** Takes ours out of a list and returns their names. */
function take(document: Document, list: List, origin: string, file: string): string[] {
  const all = entries(document, list, file);
  const ours = all.filter((entry) => isOurs(entry, list, origin));
  if (ours.length > 0) document.set(list, document.createNode(all.filter((entry) => !ours.includes(entry))));
  return ours.map((entry) => String(entry.get('name')));
}

/** Words that older YAML, which kubectl reads, takes for yes and no. */
const AMBIGUOUS = /^(y|n|yes|no|on|off|true|false|null|~)$/i;

function quoted(document: Document, value: object | string): unknown {
  const node = document.createNode(value);
  visit(node, {
    Scalar: (_, scalar) => {
      if (typeof scalar.value === 'string' && AMBIGUOUS.test(scalar.value)) scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return node;
}

/** In the manner in which the file was written; exactly the same text when nothing is different. */
function written(text: string, document: Document): string {
  const before: unknown = text.trim() === '' ? null : parse(text);
  if (isDeepStrictEqual(before, document.toJSON())) return text;
  return document.toString({ lineWidth: 0, indentSeq: !/^- /m.test(text) });
}
