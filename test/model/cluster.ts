import type { Artefacts } from '../../src/artefacts/artefact.ts';
import type { Cluster } from '../../src/cluster/model.ts';
import { byRole } from '../../provisioners/scope.ts';
import type { EtcdData } from './etcd.ts';
import type { Kind } from './kernel.ts';
import { ModelMachine } from './machine.ts';
import { react } from './react.ts';

export interface ModelOptions {
  readonly description: Cluster;
  readonly artefacts: Artefacts;
  readonly kind?: Kind;
  /** Milliseconds without any change after which a condition that does not hold is given up. Default 300. */
  readonly patience?: number;
}

/** The connection breaks; what it was about to do was done, or not. */
export interface Cut {
  /** Breaks at this effect, counted from 1. */
  readonly at: number;
  readonly done: boolean;
  /** The machine goes down with it. */
  readonly power: boolean;
}

/** All machines of one cluster, and what lets them hear of each other. */
export class ModelCluster {
  description: Cluster;
  readonly kind: Kind;
  readonly patience: number;
  readonly #programs: ReadonlySet<string>;
  /** Reference by digest of the archive. */
  readonly archives: ReadonlyMap<string, string>;
  readonly #machines = new Map<string, ModelMachine>();
  /** Scripts that nobody understood, and mistakes of the model itself: to be empty at the end of every test. */
  readonly surprises: string[] = [];
  effects = 0;
  cut: Cut | null = null;
  /** The operator's side has fallen: nothing that it says arrives any more. */
  broken = false;
  readonly #listeners = new Set<() => void>();

  constructor({ description, artefacts, kind = 'vm', patience = 300 }: ModelOptions) {
    this.description = description;
    this.kind = kind;
    this.patience = patience;
    const all = artefacts.all();
    this.#programs = new Set(all.filter(({ kind: what }) => what !== 'image').map(({ sha256 }) => sha256));
    this.archives = new Map(all.flatMap(({ sha256, reference }) => (reference ? [[sha256, reference]] : [])));
  }

  isProgram(sha256: string): boolean {
    return this.#programs.has(sha256);
  }

  /** Made when it is asked for first. */
  machine(name: string): ModelMachine {
    const known = this.#machines.get(name);
    if (known !== undefined) return known;
    const machine = new ModelMachine(name, this);
    this.#machines.set(name, machine);
    return machine;
  }

  machines(): ModelMachine[] {
    return [...this.#machines.values()];
  }

  master(): ModelMachine {
    return this.machine(byRole(this.description, 'master')[0]?.name ?? '');
  }

  /** The database, when a quorum stands behind it. */
  etcd(): EtcdData | null {
    const member = this.master();
    return member.isActive('etcd') ? member.database() : null;
  }

  /** One thing that is done to a machine; the world then settles, and whoever waits looks again. */
  effect(machine: ModelMachine, make: () => void): void {
    if (this.broken) throw new Lost();
    this.effects += 1;
    const cut = this.cut?.at === this.effects ? this.cut : null;
    if (cut === null || cut.done) make();
    if (cut?.power) machine.powerOff();
    this.settle(machine);
    if (cut === null) return;
    this.broken = true;
    this.tell();
    throw new Lost();
  }

  /**
   * Programs do what they do by themselves until none has anything left to do. What happens on a minion concerns the
   * others only by way of the master.
   */
  settle(where?: ModelMachine): void {
    const machines = where === undefined || where === this.master() ? this.machines() : [where];
    for (let round = 0; react(machines); round += 1)
      if (round > 50) throw new Error('the model never settles');
    this.tell();
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits until `reason` is null; gives the reason when nothing has changed for a while. */
  async wait(reason: () => string | null): Promise<string | null> {
    for (;;) {
      if (this.broken) throw new Lost();
      const now = reason();
      if (now === null) return null;
      if (!(await this.#changeWithin(this.patience))) return reason();
    }
  }

  #changeWithin(milliseconds: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(false), milliseconds);
      const forget = this.listen(() => done(true));
      const done = (changed: boolean): void => {
        clearTimeout(timer);
        forget();
        resolve(changed);
      };
    });
  }
}

/** The connection broke. */
export class Lost extends Error {
  override readonly name = 'Lost';
}
