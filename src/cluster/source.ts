/** From text to data that knows its places. Never throws for what stands in the text; never pollutes a prototype. */
import { createScanner, parseTree } from 'jsonc-parser';
import type { Node, ParseError } from 'jsonc-parser';
import type { Finding, Path } from './problem.ts';
import { describeSyntax } from './syntax.ts';

export interface Source {
  /** Null-prototype objects; undefined when there is nothing to judge. */
  readonly data: unknown;
  /** Syntax, duplicate keys, forbidden keys. */
  readonly findings: readonly Finding[];
  /** Offset where the text stops making sense; what lies before can still be judged. Infinity: nowhere. */
  readonly brokenFrom: number;
  /** Where the thing with this path is written, or else the nearest thing around it. */
  locate(path: Path): Place;
  /** 1-based line and column of an offset. */
  position(offset: number): { readonly line: number; readonly column: number };
}

/** Offsets in the text: of the key (for array items the value), of the value, and behind the value. */
export interface Place {
  readonly key: number;
  readonly value: number;
  readonly end: number;
}

export const forbiddenKeys = ['__proto__', 'constructor', 'prototype'];
const maximumDepth = 20;
/** Characters; more is refused unread. */
const maximumLength = 1024 * 1024;

export function readSource(raw: string): Source {
  const text = raw.replace(/^\uFEFF/, '');
  const position = positionsIn(text);
  if (text.length > maximumLength)
    return unreadable(0, 'larger than 1 MiB; no cluster needs that much', position);
  const tooDeep = offsetBelow(text, maximumDepth);
  if (tooDeep !== undefined)
    return unreadable(tooDeep, `nested more than ${maximumDepth} levels deep`, position);

  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: true });
  const syntax = describeSyntax(text, errors);
  const places = new Map<string, Place>();
  const findings: Finding[] = [...syntax.findings];
  if (text !== raw)
    findings.unshift(wholeFile(0, 'begins with a byte order mark; save it as UTF-8 without one'));
  const data = tree && readValue(tree, [], tree.offset);
  return { data, findings, brokenFrom: syntax.brokenFrom, locate, position };

  function readValue(node: Node, path: Path, key: number): unknown {
    places.set(JSON.stringify(path), { key, value: node.offset, end: node.offset + node.length });
    const children = node.children ?? [];
    if (node.type === 'object') return readObject(children, path);
    if (node.type === 'array')
      return children.map((item, index) => readValue(item, [...path, index], item.offset));
    return node.value;
  }

  function readObject(properties: readonly Node[], path: Path): unknown {
    const object: Record<string, unknown> = Object.create(null);
    for (const property of properties) {
      const [key, value] = property.children ?? [];
      if (key === undefined || value === undefined) continue;
      const name = String(key.value);
      const inside = [...path, name];
      const refuse = (message: string) =>
        findings.push({ path: inside, at: 'key', offset: key.offset, message });
      if (forbiddenKeys.includes(name)) refuse('this key is never allowed');
      else if (name in object) refuse('written twice; keep one');
      else object[name] = readValue(value, inside, key.offset);
    }
    return object;
  }

  function locate(path: Path): Place {
    const place = places.get(JSON.stringify(path));
    if (place !== undefined || path.length === 0) return place ?? { key: 0, value: 0, end: 0 };
    return locate(path.slice(0, -1));
  }
}

function wholeFile(offset: number, message: string): Finding {
  return { path: [], at: 'value', offset, message };
}

function unreadable(offset: number, message: string, position: Source['position']): Source {
  const locate = () => ({ key: 0, value: 0, end: 0 });
  return { data: undefined, findings: [wholeFile(offset, message)], brokenFrom: 0, locate, position };
}

function positionsIn(text: string): Source['position'] {
  const lineStarts = [0, ...Array.from(text.matchAll(/\n/g), (match) => match.index + 1)];
  return (offset) => {
    let line = lineStarts.length;
    for (let low = 1; low < line;) {
      const middle = Math.floor((low + line) / 2);
      if (lineStarts[middle]! <= offset) low = middle + 1;
      else line = middle;
    }
    return { line, column: offset - lineStarts[line - 1]! + 1 };
  };
}

/** Where the text first opens more than `depth` levels: looked at before the recursive parser is. */
function offsetBelow(text: string, depth: number): number | undefined {
  const scanner = createScanner(text, true);
  let level = 0;
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const token = text[scanner.getTokenOffset()];
    if (token === '{' || token === '[') level++;
    if (token === '}' || token === ']') level--;
    if (level > depth) return scanner.getTokenOffset();
  }
  return undefined;
}
