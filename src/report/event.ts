/** Everything a run can tell, as one union; reporters differ only in how they show it. */

/** One key of a resource that is not as desired; secrets arrive here already as digests. */
export interface Difference {
  readonly key: string;
  readonly now: string | number | boolean | null;
  readonly wanted: string | number | boolean | null;
}

export type Event =
  | {
      readonly type: 'start';
      readonly verb: string;
      readonly cluster: string;
      readonly machines: number;
      /** The machines of cluster.json, in its order. */
      readonly names?: readonly string[];
    }
  | { readonly type: 'phase'; readonly phase: string; readonly title: string }
  | {
      readonly type: 'change';
      readonly machine: string;
      readonly phase: string;
      readonly resource: string;
      readonly differences: readonly Difference[];
      readonly why?: string;
      /** While planning: what is there could not be asked (an API that is down); perhaps nothing has to be done. */
      readonly uncertain?: true;
      /** What stops for a while when this is done: "restarts kubelet.service". */
      readonly disturbs?: readonly string[];
      /** Lines of a text that would go (-) and come (+), when it is no secret. */
      readonly lines?: readonly string[];
    }
  /** One thing sent to a machine (an upload, a change script) or written on this side (machine ''): before, after. */
  | {
      readonly type: 'effect';
      readonly machine: string;
      readonly phase: string;
      readonly what: string;
      readonly done: boolean;
    }
  /** What the commands of one change wrote, the end of it when it is long. */
  | { readonly type: 'output'; readonly machine: string; readonly phase: string; readonly text: string }
  /** Keys of cluster.json that are not what they were in the last run; only when there are any. */
  | {
      readonly type: 'described';
      readonly keys: readonly {
        readonly key: string;
        readonly was: string | null;
        readonly is: string | null;
      }[];
    }
  | { readonly type: 'wait'; readonly machine: string; readonly what: string }
  | { readonly type: 'met'; readonly machine: string; readonly what: string; readonly seconds: number }
  /** A long step: download, build, upload. `done === total` ends it; total 0 means unknown. */
  | {
      readonly type: 'progress';
      readonly task: string;
      readonly done: number;
      readonly total: number;
      readonly unit: 'bytes' | 'steps';
      /** Units a second since it began, where somebody measured. */
      readonly rate?: number;
    }
  | { readonly type: 'note'; readonly text: string; readonly machine?: string }
  | { readonly type: 'warning'; readonly text: string; readonly machine?: string }
  | {
      readonly type: 'deferred';
      readonly phase: string;
      readonly reason: string;
      readonly awaiting: readonly string[];
    }
  | {
      readonly type: 'failure';
      readonly message: string;
      readonly evidence: readonly string[];
      readonly remedy?: string;
    }
  | {
      readonly type: 'verdict';
      readonly exitCode: number;
      readonly text: string;
      readonly changes: number;
      readonly seconds: number;
    };

/** Takes events; never throws. */
export type Report = (event: Event) => void;
