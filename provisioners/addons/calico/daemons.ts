import type { Manifest } from '../../resources/manifest.ts';

/** Of a container: a value, or a field of its pod. */
export type Variable = { readonly name: string } & (
  { readonly value: string } | { readonly valueFrom: object }
);

interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string }[];
}

/** The same DaemonSet, with these variables in one of its containers; those of the same name give way. */
export function withVariables(
  daemons: Manifest,
  container: string,
  variables: readonly Variable[],
): Manifest {
  const { template, ...spec } = daemons['spec'] as { template: { spec: { containers: Container[] } } };
  const names = variables.map(({ name }) => name);
  const containers = template.spec.containers.map((one) =>
    one.name === container
      ? { ...one, env: [...(one.env ?? []).filter(({ name }) => !names.includes(name)), ...variables] }
      : one,
  );
  return { ...daemons, spec: { ...spec, template: { ...template, spec: { ...template.spec, containers } } } };
}
