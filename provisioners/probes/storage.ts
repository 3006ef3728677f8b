import type { Found } from './judge.ts';
import { type Script, sh } from '../../src/connection/quote.ts';
import { kubectl } from '../resources/manifest.ts';
import { claim, once } from './objects.ts';
import { applied, ask, type Site, watch } from './site.ts';

const CLASSES = `{range .items[?(@.metadata.annotations.storageclass\\.kubernetes\\.io/is-default-class=="true")]}{.metadata.name}{"\\n"}{end}`;

/** The class that a claim without one gets; empty: there is none. */
export const defaultClass = async (site: Site): Promise<string> =>
  (
    await ask(
      site,
      'asking for storage classes',
      sh`${kubectl} get storageclasses --request-timeout=10s -o jsonpath=${CLASSES}`,
    )
  )
    .trim()
    .split('\n')[0] ?? '';

/** Seconds until a volume is made and a pod has used it. */
const LIMIT = 25;

/** A claim is bound, and what one pod writes another reads. */
export async function storage(site: Site): Promise<Found> {
  const name = await defaultClass(site);
  const base = {
    check: 'storage',
    machine: site.master,
    id: 'volume',
    title: 'what one pod writes, another reads',
  };
  if (name === '')
    return {
      ...base,
      is: 'excepted',
      found: 'no StorageClass is the default',
      reason: 'nothing to prove; addons.local-path brings one',
    };
  await ask(site, 'making a claim', applied([claim(site.namespace, '16Mi'), once('write')]));
  const written = await lastWord(site, 'write');
  if (!written.isOver)
    return { ...base, is: 'wrong', found: `StorageClass ${name}: ${written.said}`, remedy: REMEDY };
  await ask(site, 'making a reader', applied([once('read')]));
  const read = await lastWord(site, 'read');
  // A volume takes a while to go: begun now, nobody has to wait for it.
  await ask(site, 'giving the claim back', givenBack(site.namespace));
  return read.isOver && read.said === written.said
    ? {
        ...base,
        is: 'well',
        found: `StorageClass ${name}: ${read.said.length} bytes written, read back by a second pod`,
      }
    : { ...base, is: 'wrong', found: `StorageClass ${name}: read back: ${read.said}`, remedy: REMEDY };
}

const givenBack = (namespace: string): Script =>
  sh`${kubectl} delete pod/write pod/read persistentvolumeclaim/data --namespace ${namespace} --ignore-not-found --wait=false --request-timeout=10s >/dev/null`;

const REMEDY = 'kubectl get events --all-namespaces --sort-by=.lastTimestamp says what the provisioner did.';

async function lastWord(site: Site, pod: string): Promise<{ isOver: boolean; said: string }> {
  const said = await watch(site, `waiting for the pod ${pod}`, waiting(site.namespace, pod), LIMIT + 15);
  const [phase = '', ...words] = said.trim().split('|');
  return { isOver: phase === 'Succeeded', said: words.join('|') || `the pod is ${phase}` };
}

/** As long as it has not ended, what is told of it and of its claim. */
const waiting = (namespace: string, pod: string): Script => sh`limit=${LIMIT}
end=$(( $(date +%s) + limit ))
while :; do
  seen=$(${kubectl} get pod ${pod} --namespace ${namespace} --request-timeout=5s -o jsonpath='{.status.phase}|{.status.containerStatuses[*].state.terminated.message}')
  case $seen in 'Succeeded|'*|'Failed|'*) break ;; esac
  if [ "$(date +%s)" -ge "$end" ]; then
    seen="$seen$(${kubectl} get events --namespace ${namespace} --request-timeout=5s --sort-by=.lastTimestamp -o jsonpath='{range .items[*]}{.involvedObject.kind} {.involvedObject.name}: {.message}{"\\n"}{end}' | tail -n 1)"
    break
  fi
  sleep 0.2
done
echo "$seen"`;
