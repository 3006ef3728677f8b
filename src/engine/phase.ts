import type { Script } from '../connection/quote.ts';
import type { HardwayError } from '../errors.ts';
import type { Resource } from './resource.ts';

/** A fact of the world that describes itself once, for progress, time-out and failure alike. */
export interface Condition {
  readonly name: string;
  /** Completes "waiting for …": "etcd to have a quorum". */
  readonly description: string;
  /** The machines that are asked; all of them must be there and say yes. */
  readonly on: readonly string[];
  /** Machines that are not there do not count. */
  readonly ofPresent?: true;
  /** So many of them must be there; the others do not count. */
  readonly enough?: number;
  /** Any one of them will do: the first that is there is asked. */
  readonly one?: true;
  /** Exit 0: met. Otherwise the last line it prints is the reason. Reads only; asked ten times a second. */
  readonly script: (machine: string) => Script;
  /**
   * What costs more to find out, asked once when the time is up: its first line stands for the script's own reason,
   * the others are shown below.
   */
  readonly evidence?: (machine: string) => Script;
  /** Seconds. */
  readonly limit: number;
}

/** Requests that machines make while a stage settles, answered from the operator's side. */
export interface Attendance<S> {
  readonly description: string;
  readonly on: string;
  /** Prints one line a request and goes on until it is ended. */
  readonly listen: Script;
  /** Called once a stage, with what is known of the machine that is listened to. */
  replies(scope: S): Reply;
}

/** The script that answers, or null when the line asks for nothing; `note` tells about refusals. */
export interface Reply {
  (line: string, note: (text: string) => void): Script | null;
  /** The answer did not arrive. */
  failed?(line: string): void;
}

export interface Stage<S> {
  readonly title: string;
  readonly pace?: 'together' | 'one-by-one';
  /** Machine names; default: the phase's. */
  readonly on?: readonly string[];
  resources(scope: S): readonly Resource[];
  readonly attend?: Attendance<S>;
  /** What must come true after a change; a function is told the ids of what was changed. */
  readonly settle?: readonly Condition[] | ((changed: ReadonlySet<string>) => readonly Condition[]);
}

export interface Phase<S> {
  readonly name: string;
  readonly title: string;
  /** The official page this phase teaches. */
  readonly docs?: string;
  readonly on: readonly string[];
  /** Facts of the world, not other phases. */
  readonly needs?: readonly Condition[];
  readonly stages: readonly Stage<S>[];
}

/** All the engine must know about what it builds. S is what the recipe hands to its phases for one machine. */
export interface Recipe<S> {
  /** Reads what kind of machine this is. */
  readonly facts: Script;
  /** Called once a pass with every present machine's facts; throws MachineError for a machine that cannot serve. */
  plan(facts: ReadonlyMap<string, string>): Plan<S> | Promise<Plan<S>>;
}

/** Asked along with the resources, and compared with nothing. */
export type Observation = Pick<Resource, 'id' | 'question'>;

export interface Plan<S> {
  readonly phases: readonly Phase<S>[];
  scope(machine: string): S;
  /** What the closing check wants to know; told in the outcome. */
  observations?(machine: string): readonly Observation[];
  /** What was adapted to, one line each. */
  readonly notes: readonly string[];
  /** What is wanted and cannot be used: everything else is done, then this is told and the run has failed. */
  readonly refused?: readonly HardwayError[];
}
