import type { Resource } from '../../src/engine/resource.ts';
import type { FileResource } from '../../src/resources/file.ts';
import { noService } from '../../src/resources/no-service.ts';
import { service } from '../../src/resources/service.ts';
import { type Flags, unitLines } from '../arguments.ts';
import { programLine, programs } from '../program.ts';
import { noStaticPod, staticPod } from '../resources/static-pod.ts';
import type { Scope } from '../scope.ts';
import { template } from '../template.ts';
import { healthOf } from './health.ts';
import { podOf } from './pod.ts';

export const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
export type ComponentName = (typeof COMPONENTS)[number];

export const CONTROL_PLANE_IMAGES: readonly string[] = COMPONENTS.map((name) => `image:${name}`);

/** One program of the control plane, however it is run. */
export interface Component {
  readonly name: ComponentName;
  readonly flags: Flags;
  /** What the running process must have been started with. */
  readonly follows: readonly FileResource[];
  /** What others feel while it restarts. */
  readonly interrupts?: string;
}

/** Runs it in the style that cluster.json wants, after ending what runs in the other. */
export const running = (component: Component, scope: Scope): Resource[] =>
  scope.cluster.controlPlane.style === 'systemd' ? asUnit(component, scope) : asPod(component, scope);

function asUnit({ name, flags, ...options }: Component, { artefacts }: Scope): Resource[] {
  const unit = template(`control-plane/${name}.service`, {
    program: programLine(artefacts.get(name)),
    arguments: unitLines(flags),
  });
  return [...programs(artefacts, name), noStaticPod(name, options), ...service(name, unit, options)];
}

function asPod(component: Component, { cluster, artefacts }: Scope): Resource[] {
  const { name, follows, ...options } = component;
  const image = artefacts.get(`image:${name}`);
  const pod = podOf(component, healthOf(cluster)[name], image);
  return [ended(name, options), ...staticPod(programLine({ ...image, name }), pod, { ...options, follows })];
}

const ended = (name: string, { interrupts }: Pick<Component, 'interrupts'>): Resource => ({
  ...noService(name),
  disturbs: () => [`ends ${name}.service${interrupts === undefined ? '' : `: ${interrupts}`}`],
});
