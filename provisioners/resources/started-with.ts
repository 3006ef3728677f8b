import { type Script, sh, verbatim } from '../../src/connection/quote.ts';

/** In the environment of a pod's program: the digest of all that it was made from, so that anybody can see it. */
export const VARIABLE = 'HARDWAY_STARTED_WITH';

/** Seconds in which a kubelet ends one pod and starts the next. */
export const PATIENCE = 120;

/** A command line that begins so, whether a unit's or an image's. */
export const processOf = (name: string): string => `^(/usr/local/bin/)?${name} `;

/** Asks four times a second; says `complaint` and fails when the kubelet takes too long. */
export const awaited = (holds: Script, complaint: string): Script => sh`tries=0
until ${verbatim(holds)}; do
  tries=$((tries + 1))
  if [ $tries -gt ${PATIENCE * 4} ]; then echo ${`the kubelet did not ${complaint} within ${PATIENCE} s`}; exit 1; fi
  sleep 0.25
done`;
