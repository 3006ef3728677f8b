import type { Artefact } from '../../src/artefacts/artefact.ts';
import { PINNED } from '../../src/artefacts/image.ts';
import { installPath } from '../../src/artefacts/install-path.ts';
import { sh } from '../../src/connection/quote.ts';
import { type Batch, type Resource, unknown } from '../../src/engine/resource.ts';
import { HardwayError } from '../../src/errors.ts';

/** Which archive an image in containerd's store was imported from. */
const RECORDS = '/var/lib/hardway/imported';

const images: Batch = {
  name: 'image',
  script: (asks) => sh`[ -d /var/lib/containerd/io.containerd.metadata.v1.bolt ] || { echo answered; exit 0; }
/usr/local/bin/ctr --namespace k8s.io images ls -q ${pinnedOnly} 2>/dev/null || exit 0
echo answered
cd ${RECORDS} 2>/dev/null && for name in ${asks.map((ask) => recordName(ask))}; do echo "from|$name|$(cat "$name" 2>/dev/null)"; done`,
  answers: (output, asks) => {
    if (!output.includes('answered')) return asks.map(() => null);
    const lines = output.split('\n');
    return asks.map((reference) => {
      const from =
        lines.find((line) => line.startsWith(`from|${recordName(reference)}|`))?.split('|')[2] ?? '';
      return `${lines.includes(reference) ? 'there' : 'missing'}|${from}`;
    });
  },
};

const pinnedOnly = `labels."${PINNED.replace('=', '"==')}`;

const recordName = (reference: string): string => reference.replaceAll(/[/:]/g, '_');

/** An image of the lock file in containerd's store, so that no registry is needed. */
export function image(archive: Artefact): Resource {
  const { reference } = archive;
  if (reference === undefined) throw new HardwayError('INTERNAL', `${archive.name} has no image reference`);
  return {
    id: `image:${reference}`,
    desired: { archive: archive.sha256 },
    question: {
      batch: images,
      ask: reference,
      parse: (answer) => {
        if (answer === null) return unknown;
        const [there, from = ''] = answer.split('|');
        return there === 'there' ? { archive: from } : null;
      },
    },
    steps: () => [
      {
        run: sh`/usr/local/bin/ctr --namespace k8s.io images import ${installPath(archive)}
/usr/local/bin/ctr --namespace k8s.io images label ${reference} ${PINNED} >/dev/null
mkdir -p ${RECORDS}
echo ${archive.sha256} > ${`${RECORDS}/${recordName(reference)}`}`,
      },
    ],
    why: `${reference}, imported so that the machine needs no registry`,
  };
}
