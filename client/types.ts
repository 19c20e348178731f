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
  /** Of a job that ended because of another: the job whose end was the first. */
  readonly root?: string;
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
  /** Of which it is a member. */
  readonly group?: string;
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

export interface LogLine {
  readonly at: string;
  /** It may have several lines: a program prints an error with its stack as one. */
  readonly message: string;
}

/** Small results are `inline`; a large one is an `object` of the tenant's folder. */
export interface Result {
  readonly inline?: Json;
  readonly object?: string;
  readonly bytes?: number;
  readonly sha256?: string;
  /** When the object may be deleted. */
  readonly expiresAt?: string;
}

export interface Job<Type extends string = string> extends JobSummary<Type> {
  /** Of a job that is over and of which all has been told: when its record may be removed. */
  readonly expiresAt?: string;
  readonly input?: JsonObject;
  readonly inputRef?: string;
  readonly metadata?: JsonObject;
  readonly concurrencyKey?: string;
  readonly dependsOn?: readonly Dependency[];
  readonly onDependencyFailure?: 'fail' | 'hold';
  readonly dependencyTimeoutAt?: string;
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
  /** `none`, `time`, `jobs`, `slot`, `turn`, `platform`, `answer` or `capacity`. */
  readonly waitsFor: string;
  readonly text: string;
  readonly until?: string;
  readonly obstacle?: string;
  readonly cap?: number;
  readonly inUse?: number;
  readonly ahead?: number;
  /** Of a wait for other jobs: one that has not ended as it asks, and how many there are of these. */
  readonly other?: string;
  readonly left?: number;
}

/** What would become of a request. */
export interface Verdict {
  /** `accepted`, `known` when it was sent before, or `refused`. */
  readonly verdict: string;
  readonly text: string;
  readonly id?: string;
  readonly state?: JobState;
  readonly priority?: Priority;
  /** Of an accepted request: what its job would wait for. */
  readonly wait?: Wait;
  /** Of a refused one. */
  readonly problem?: { readonly code: string; readonly detail: string; readonly retryable: boolean };
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

/** Another job of the same tenant, also one that has yet to come: by its id, or by the key that it is sent with. */
export interface Dependency {
  readonly jobId?: string;
  readonly idempotencyKey?: string;
  /** Its name, instead of a job: it has succeeded when all of its members have. */
  readonly group?: string;
  /** `succeeded` if absent. `failed` is met by `failed` and `expired`. */
  readonly condition?: 'succeeded' | 'finished' | 'failed';
}

/** How many members of a group have ended in which way. `missing`: they joined, and have not come within its time. */
export interface GroupTally {
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly expired: number;
  readonly missing: number;
}

export interface Group {
  readonly group: string;
  readonly tenantId: string;
  /** `open` until it is sealed, `sealed` until as many have come as are expected. */
  readonly state: 'open' | 'sealed' | 'running' | 'finished';
  readonly createdAt: string;
  readonly sealedAt?: string;
  readonly expect?: number;
  readonly closedAt?: string;
  readonly timeoutAt?: string;
  readonly cancelledAt?: string;
  /** Of an array: its members are the jobs of its items. */
  readonly array?: {
    readonly idempotencyKey: string;
    readonly jobType: string;
    /** Absent until the object that has them was read. */
    readonly items?: number;
    /** Of so many items it is decided whether there is a job. */
    readonly made: number;
    /** Its items are the lines of this object. */
    readonly itemsRef?: string;
    /** So many of its jobs run at once. */
    readonly concurrency?: number;
    /** When more of its items have failed, the others are cancelled. */
    readonly maxFailed?: number;
    /** Why its jobs were not all made, or why the others were cancelled. */
    readonly failure?: { readonly code: string; readonly message: string };
  };
  /** The one that is under way, or the last one: a redrive of a member opens another. */
  readonly round?: number;
  /** Of this round. While it is under way, at least so many have ended. */
  readonly members?: GroupTally;
  /** The end of the newest round that is over. */
  readonly finish?: {
    readonly round: number;
    readonly at: string;
    readonly status: 'succeeded' | 'failed';
    readonly members: GroupTally;
    /** Of an array: the object that says what has become of each item. */
    readonly manifest?: string;
  };
}

export interface GroupMember {
  readonly jobId: string;
  /** Absent: it has not come yet. */
  readonly job?: JobSummary;
}

export interface GroupPage {
  readonly items: readonly Group[];
  readonly next?: string;
}

export interface MemberPage {
  readonly items: readonly GroupMember[];
  readonly next?: string;
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
  /** The job becomes a member of this group, or is refused when the group is sealed. */
  readonly group?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly metadata?: JsonObject;
  readonly traceparent?: string;
  /** The job begins when all of these have ended as it says; up to 500. */
  readonly dependsOn?: readonly Dependency[];
  /** `hold`: a job that fails is waited for until it is redriven or discarded. */
  readonly onDependencyFailure?: 'fail' | 'hold';
  /** Counted from acceptance; a week if absent. */
  readonly dependencyTimeoutSeconds?: number;
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
