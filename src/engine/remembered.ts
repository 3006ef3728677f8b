import type { Plan, Stage } from './phase.ts';
import type { Resource } from './resource.ts';

/** The same plan, whose answers are worked out once a machine: they are asked for at the survey and at each stage. */
export function remembered<S>(plan: Plan<S>): Plan<S> {
  const phases = plan.phases.map((phase) => ({ ...phase, stages: phase.stages.map(rememberedStage) }));
  return { ...plan, phases, scope: once(plan.scope) };
}

const rememberedStage = <S>(stage: Stage<S>): Stage<S> => ({
  ...stage,
  resources: once<S, readonly Resource[]>((scope) => stage.resources(scope)),
});

function once<K, V>(find: (key: K) => V): (key: K) => V {
  const found = new Map<K, V>();
  return (key) => {
    if (!found.has(key)) found.set(key, find(key));
    return found.get(key) as V;
  };
}
