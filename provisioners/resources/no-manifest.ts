import { type Script, sh, verbatim } from '../../src/connection/quote.ts';
import { type Answer, type Gather, type Resource, unknown } from '../../src/engine/resource.ts';
import { kubectl, type Manifest, manifest } from './manifest.ts';

/** All objects of a stage with one call. */
export const remove: Gather = {
  name: 'delete',
  script: (items) => sh`${kubectl} delete --ignore-not-found --timeout=60s -f - <<'HARDWAY'
{"apiVersion": "v1", "kind": "List", "items": [${verbatim(items.join(',') as Script)}]}
HARDWAY`,
};

/** An API object that we made once and that is no longer wanted; one that others made under its name stays. */
export function noManifest(
  { apiVersion, kind, metadata: { name, namespace } }: Manifest,
  why = 'Its add-on is off in cluster.json.',
): Resource {
  const { id, question } = manifest({ apiVersion, kind, metadata: { name, namespace } } as Manifest);
  return {
    id,
    desired: null,
    question: { ...question, parse: (answer) => ours(question.parse(answer)) },
    steps: () => [
      { gather: remove, item: JSON.stringify({ apiVersion, kind, metadata: { name, namespace } }) },
    ],
    disturbs: () => (kind === 'Deployment' ? [`ends the pods of ${name}`] : []),
    why,
  };
}

const ours = (answer: Answer): Answer =>
  answer === null || answer === unknown || answer['applied'] !== '' ? answer : null;
