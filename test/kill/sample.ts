import type { Cut } from './cut.ts';

/** Numbers from 0 to 1, the same for the same seed. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** So many cuts, each in a later phase than the one before: they can be made in one bring-up, run after run. */
export function sample(cuts: readonly Cut[], count: number, next: () => number): Cut[] {
  const phases = [...new Set(cuts.map(({ moment }) => moment.effect.phase))];
  while (phases.length > count) phases.splice(Math.floor(next() * phases.length), 1);
  return phases.map((phase) => {
    const some = cuts.filter(({ moment }) => moment.effect.phase === phase);
    return some[Math.floor(next() * some.length)] as Cut;
  });
}
