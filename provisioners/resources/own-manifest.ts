import type { Resource, State } from '../../src/engine/resource.ts';
import { unknown } from '../../src/engine/resource.ts';
import { type FieldDifference, fieldDifferences } from '../field-differences.ts';
import type { OwnObject } from '../own/own-object.ts';
import { idOf } from './manifest.ts';
import { applyOwn, trial, type Trial } from './trial.ts';

/** An API object of the user's: made, compared and judged by the server's own understanding of it. */
export function ownManifest({ manifest, place }: OwnObject): Resource {
  const isSecret = manifest.kind === 'Secret';
  return {
    id: idOf(manifest),
    desired: { fields: 0, refused: '' },
    question: {
      batch: trial,
      ask: JSON.stringify(manifest),
      parse: (answer) => (answer === null ? unknown : stateOf(JSON.parse(answer) as Trial, isSecret)),
    },
    steps: () => [{ gather: applyOwn, item: JSON.stringify(manifest) }],
    lines: ({ lines }) =>
      String(lines ?? '')
        .split('\n')
        .filter((line) => line !== ''),
    why: place,
    remedy: `Look at ${place}; what was applied stays as it is.`,
    secret: false,
  };
}

/** Will be there when what it lies in, or what kind it is, has been made. */
const LATER = /namespaces ".*" not found|no matches for kind|could not find the requested resource/;

function stateOf({ there, would, said }: Trial, isSecret: boolean): State | null {
  if (would === null) {
    const mayCome = there === null && (said === '' || LATER.test(said));
    return mayCome ? null : { fields: 0, refused: reason(said), lines: '' };
  }
  if (there === null) return null;
  const differences = fieldDifferences(there, would);
  const lines = differences.flatMap((one) => linesOf(one, isSecret)).slice(0, LINES);
  return { fields: differences.length, refused: '', lines: lines.join('\n') };
}

/** Lines that are told of one object. */
const LINES = 40;

const linesOf = ({ path, now, wanted }: FieldDifference, isSecret: boolean): string[] => [
  ...(now === undefined ? [] : [`- ${path}: ${shown(now, isSecret)}`]),
  ...(wanted === undefined ? [] : [`+ ${path}: ${shown(wanted, isSecret)}`]),
];

const shown = (value: unknown, isSecret: boolean): string =>
  isSecret ? '(secret)' : JSON.stringify(value).slice(0, 200);

/** The server's words, on one line. */
const reason = (said: string): string =>
  said
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('Warning:'))
    .join(' ')
    .replaceAll(/\s+/g, ' ')
    .replace(/^Error from server( \(\w+\))?: /, '')
    .slice(0, 500) || 'the server gave no reason';
