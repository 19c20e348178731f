/** What the API answers. Times are ISO 8601. Later versions may have more fields, states and codes. */

export type JobState =
  | 'scheduled'
  | 'blocked'
  | 'waiting'
  | 'submitting'
  | 'submitted'
  | 'starting'
  | 'running'
  | 'retrying'
  | 'cancelling'
  | 'succeeded'
  | 'failed'
  | 'cancelled'
  | 'expired';
export type FinalState = 'succeeded' | 'failed' | 'cancelled' | 'expired';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };
export type Priority = 'low' | 'normal' | 'high' | 'urgent';

export interface Failure {
  readonly class: string;
  readonly code: string;
  readonly message: string;
  readonly exitCode?: number;
}

export interface Progress {
  readonly done: number;
  readonly total?: number;
  readonly note?: string;
  readonly at: string;
}

export interface JobSummary<Type extends string = string> {
  readonly id: string;
  readonly tenantId: string;
  readonly jobType: Type;
  readonly idempotencyKey: string;
  readonly state: JobState;
  /** Grows with each change. */
  readonly version: number;
  readonly attempt: number;
  readonly priority: Priority;
  readonly createdAt: string;
  readonly stateAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly progress?: Progress;
  readonly failure?: Failure;
  /** The failed job that this one runs again. */
  readonly parent?: string;
  /** The job that runs this failed one again. */
  readonly redrivenAs?: string;
}

export interface Attempt {
  readonly attempt: number;
  readonly startedAt?: string;
  readonly endedAt: string;
  readonly failure?: Failure;
}

/** Small results are `inline`; a large one is an `object` of the tenant's folder. */
export interface Result {
  readonly inline?: Json;
  readonly object?: string;
  readonly bytes?: number;
  readonly sha256?: string;
}

export interface Job<Type extends string = string> extends JobSummary<Type> {
  readonly input?: JsonObject;
  readonly inputRef?: string;
  readonly metadata?: JsonObject;
  readonly concurrencyKey?: string;
  readonly timeoutSeconds?: number;
  readonly eligibleAt?: string;
  readonly startBy?: string;
  readonly deadlineAt?: string;
  readonly nextAttemptAt?: string;
  readonly result?: Result;
  readonly attempts: readonly Attempt[];
  readonly discardedAt?: string;
}

export interface Wait {
  readonly jobId: string;
  readonly state: JobState;
  /** `none`, `time`, `slot`, `turn`, `platform`, `answer` or `capacity`. */
  readonly waitsFor: string;
  readonly text: string;
  readonly until?: string;
  readonly obstacle?: string;
  readonly cap?: number;
  readonly inUse?: number;
  readonly ahead?: number;
}

export interface TimelineEntry {
  readonly at: string;
  readonly kind: string;
  readonly text: string;
  readonly attempt?: number;
  readonly failure?: Failure;
  readonly endpointId?: string;
  readonly event?: string;
}

export interface JobPage {
  readonly items: readonly JobSummary[];
  /** Continues the list; absent at its end. */
  readonly next?: string;
  readonly examined: number;
}

/** What a request may have beside its input. */
export interface SubmitOptions {
  /** The same key with the same request is the same job, so a repeat after a lost answer is safe. */
  readonly idempotencyKey: string;
  readonly runAt?: string;
  readonly delaySeconds?: number;
  readonly ttlSeconds?: number;
  readonly deadlineSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly priority?: Priority;
  readonly concurrencyKey?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly metadata?: JsonObject;
  readonly traceparent?: string;
}

/** Inline, or an object of the tenant's folder with the same content. */
export type WithInput<Input> =
  | { readonly input: Input; readonly inputRef?: never }
  | { readonly inputRef: string; readonly input?: never };

/** By the id of a job type: what may be given as its input. A registry made by `defineJobTypes` carries it as a type alone. */
export type InputsOf<Registry> = Registry extends { readonly '~inputs'?: infer Inputs }
  ? NonNullable<Inputs>
  : { readonly [jobType: string]: JsonObject };

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}
