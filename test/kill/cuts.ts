import type { Cut } from './cut.ts';
import type { Moment } from './engine.ts';

/**
 * Every cut that a run of these moments offers: the engine at each of them, the machine at each that is on one.
 * First those that cut each effect in both ways, alternating before and after; then their counterparts.
 */
export function allCuts(moments: readonly Moment[]): Cut[] {
  const effects = [...new Set(moments.map(keyOf))];
  const cuts = moments.flatMap((moment): Cut[] => [
    { victim: 'engine', moment },
    ...(moment.effect.machine === '' ? [] : [{ victim: 'machine', moment } as const]),
  ]);
  const isFirst = ({ victim, moment }: Cut): boolean =>
    (effects.indexOf(keyOf(moment)) % 2 === 0) === ((moment.when === 'before') === (victim === 'engine'));
  return [...cuts.filter(isFirst), ...cuts.filter((cut) => !isFirst(cut))];
}

const keyOf = ({ effect: { machine, phase, what, nth } }: Moment): string =>
  [machine, phase, what, nth].join(' ');
