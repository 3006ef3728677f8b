import {
  type Document,
  type DocumentOptions,
  LineCounter,
  parseAllDocuments,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';
import { HardwayError } from '../../src/errors.ts';
import type { Manifest } from '../resources/manifest.ts';
import { placeholderProblem } from './placeholders.ts';
import type { Own, OwnObject, Refused } from './own-object.ts';

/** As Kubernetes reads it: YAML 1.1, in which a bare `on` is no text, without the types that JSON does not have. */
const READING: ParseOptions & DocumentOptions & SchemaOptions = {
  ...{ version: '1.1', merge: true, uniqueKeys: true },
  customTags: (tags) =>
    tags.filter((tag) => typeof tag === 'string' || !/:(timestamp|binary|set|omap|pairs)$/.test(tag.tag)),
};

/** The objects in a text of one or several documents; each document that is none is named by number and line. */
export function readDocuments(source: string, text: string): Own {
  const unfilled = placeholderProblem(text);
  if (unfilled !== null) return { objects: [], refused: [refused(source, unfilled.line, unfilled)] };
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { ...READING, lineCounter: lines });
  const objects: OwnObject[] = [];
  const problems: Refused[] = [];
  for (const [index, document] of (Array.isArray(parsed) ? parsed : []).entries()) {
    const number = index + 1;
    const [mistake] = document.errors;
    const line = lines.linePos(mistake?.pos[0] ?? document.contents?.range?.[0] ?? 0).line;
    const found = mistake === undefined ? objectsIn(contentOf(document)) : firstLine(mistake.message);
    const place = `${source}:${line}, document ${number}`;
    if (typeof found === 'string') problems.push(refused(source, line, { number, message: found }));
    else objects.push(...found.map((manifest) => ({ source, place, manifest })));
  }
  return { objects, refused: problems };
}

/** As JSON would have it; undefined for what cannot be written down: an anchor that contains itself. */
function contentOf(document: Document.Parsed): unknown {
  try {
    return JSON.parse(JSON.stringify(document.toJS({ maxAliasCount: 100 })));
  } catch {
    return undefined;
  }
}

interface Mistake {
  /** Of the document, from 1. */
  readonly number?: number;
  readonly message: string;
}

const refused = (source: string, line: number, { number, message }: Mistake): Refused => ({
  source,
  error: new HardwayError(
    'ADDON',
    `${source}:${line}: ${number === undefined ? '' : `document ${number}: `}${message}`,
    { remedy: 'Mend it and run again; what it made before stays as it is until then.' },
  ),
});

const firstLine = (message: string): string =>
  message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? message;

/** The object, or those of a List; otherwise what is wrong. */
function objectsIn(content: unknown): Manifest[] | string {
  // Nothing between two separators, or only a comment.
  if (content === null) return [];
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    return 'is no API object, which has the keys apiVersion, kind and metadata';
  const { apiVersion, kind, metadata, items } = content as Record<string, unknown>;
  if (typeof apiVersion !== 'string' || apiVersion === '') return 'apiVersion is missing';
  if (typeof kind !== 'string' || kind === '') return 'kind is missing';
  if (kind === 'List') {
    if (!Array.isArray(items)) return 'a List without items';
    const found = items.map(objectsIn);
    const wrong = found.find((one) => typeof one === 'string');
    return typeof wrong === 'string' ? wrong : (found as Manifest[][]).flat();
  }
  const { name, namespace } = (metadata ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string' || name === '')
    return `a ${kind} without metadata.name (generateName would make another one in each run)`;
  if (namespace !== undefined && typeof namespace !== 'string') return 'metadata.namespace is no text';
  return [content as Manifest];
}
