import type { Script } from '../connection/quote.ts';

/** Flat, so that two states compare key by key; null in a desired state means "do not compare". */
export type Value = string | number | boolean | null;
export type State = Readonly<Record<string, Value>>;

/** A machine could not say what is there (its API is down, its runtime is not running): ask again later. */
export const unknown = Symbol('unknown');
export type Answer = State | null | typeof unknown;

/** Questions of one kind travel together: one `stat` for all files, one `systemctl show` for all services. */
export interface Batch {
  readonly name: string;
  /** Takes so long that it is asked beside the others, not after them. */
  readonly apart?: true;
  /** One script that answers all asks. It only reads. */
  script(asks: readonly string[]): Script;
  /** Cuts the script's output into one answer an ask; null: nothing was said about it. */
  answers(output: string, asks: readonly string[]): readonly (string | null)[];
}

export interface Question {
  readonly batch: Batch;
  readonly ask: string;
  /** Pure. null: the thing is absent. */
  parse(answer: string | null): Answer;
}

/** Steps of one kind that are cheaper together: one `kubectl apply` for all objects of a stage. */
export interface Gather {
  readonly name: string;
  script(items: readonly string[]): Script;
}

/** Bytes made here, or a file of the operator's that is too large for a script. */
export type Content =
  string | Buffer | { readonly file: string; readonly sha256: string; readonly size: number };

export type Step =
  | { readonly put: string; readonly content: Content; readonly mode: number; readonly owner?: string }
  /** `limit`: seconds it may take, when that is more than a change usually has. */
  | { readonly run: Script; readonly limit?: number }
  | { readonly gather: Gather; readonly item: string }
  | { readonly remove: string }
  /** Done on the operator's side, after the machine's own steps: what the machine cannot do to itself. */
  | { readonly here: () => Promise<void>; readonly what: string };

/** What is desired, which question reveals what is, which steps close the difference. Never touches a machine. */
export interface Resource {
  /** `file:/etc/etcd/etcd.env` */
  readonly id: `${string}:${string}`;
  /** null: must be absent. */
  readonly desired: State | null;
  readonly question: Question;
  /** Pure; called only when there are differences. May be empty when another resource's steps bring it about. */
  steps(now: State | null): readonly Step[];
  /** One sentence for people who want to understand. */
  readonly why?: string;
  /** What to look at when it does not come true: printed on the machine. Reads only. */
  readonly evidence?: Script;
  /** What to do when it does not come true. */
  readonly remedy?: string;
  /** What stops for a while when the difference is closed: "restarts kubelet.service". Pure. */
  disturbs?(now: State | null): readonly string[];
  /** A text file that may be shown: its differences are told line by line. */
  readonly text?: { readonly path: string; readonly wanted: string };
  /** What of it goes ("- …") and comes ("+ …"), when that says more than the differences. Pure. */
  lines?(now: State): readonly string[];
  /** Differences are shown without values. */
  readonly secret?: boolean;
}
