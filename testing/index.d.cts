/** A laptop with Headgate and the parts of AWS that it uses, for the tests of a service. */

export interface Options {
  /** Each gets an endpoint whose webhooks are received and verified. `acme` when absent. */
  readonly tenants?: readonly string[];
  /** Parameters of the template, such as `{ MaxvCpus: '4' }`. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** SubmitJob calls that Batch takes in a second: 50 as in AWS when absent, Infinity for no limit. */
  readonly submitJobsPerSecond?: number;
  /** Called with each error that a function writes, and what the cloud reports. */
  readonly log?: (line: string) => void;
}

export type State =
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

/** A message to the front queue. `specVersion` and `idempotencyKey` are added when they are absent. */
export interface Message {
  readonly tenantId: string;
  readonly jobType: string;
  readonly input?: Readonly<Record<string, unknown>>;
  readonly idempotencyKey?: string;
  readonly [field: string]: unknown;
}

export interface Submission {
  readonly tenantId: string;
  readonly idempotencyKey: string;
  readonly jobId: string;
  /** Of the message in the front queue. */
  readonly messageId: string;
}

/** What an operator reads of a job; times are ISO 8601 in UTC. */
export interface Job {
  readonly id: string;
  readonly tenantId: string;
  readonly jobType: string;
  readonly state: State;
  readonly attempt: number;
  readonly createdAt: string;
  readonly nextAttemptAt?: string | undefined;
  readonly result?: { readonly inline?: unknown; readonly object?: string | undefined } | undefined;
  readonly failure?: { readonly class: string; readonly code: string; readonly message: string } | undefined;
  readonly attempts: readonly { readonly attempt: number; readonly endedAt: string }[];
  readonly [field: string]: unknown;
}

export interface Webhook {
  readonly tenantId: string;
  readonly webhookId: string;
  /** Whether the signature is that of the tenant's secret. */
  readonly verified: boolean;
  /** Absent when it does not verify. */
  readonly type?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface Headgate {
  /** Where any AWS client finds this laptop, as `environment` says in variables. */
  readonly endpoint: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Of the stack, such as `FrontQueueUrl` and `JobsBucketName`. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly clock: {
    now(): Promise<Date>;
    /** Forward, by milliseconds or `90s`, `30m`, `2h`, `1h30m`, `7d`. What is due by then happens. */
    advance(time: number | string): Promise<Date>;
  };
  addTenant(tenantId: string): Promise<void>;
  /** Puts an input into the tenant's folder. @returns its s3:// address */
  upload(tenantId: string, name: string, content: string | Uint8Array): Promise<string>;
  /** Sends a message as a service does; whether it is taken shows in its job, or its refusal in `waitFor`. */
  submit(message: Message): Promise<Submission>;
  job(jobId: string): Promise<Job | undefined>;
  /**
   * Resolves when the job is in this state, or in one of these. A state that passes quickly may never be seen.
   * Rejects with the reason when its message is refused, when the job ends in another state, and after `timeoutMs` (20 s).
   */
  waitFor(
    submission: Submission,
    state: State | readonly State[],
    options?: { readonly timeoutMs?: number },
  ): Promise<Job>;
  /** Resolves with the webhook of this type about the job, as `waitFor`. */
  waitForWebhook(
    submission: Submission,
    type: string,
    options?: { readonly timeoutMs?: number },
  ): Promise<Webhook>;
  /** All that were received. */
  webhooks(): Promise<readonly Webhook[]>;
  stop(): Promise<void>;
}

/** Packages the stack if its sources have changed, and starts it. Give a hook that calls it a minute. */
export function startHeadgate(options?: Options): Promise<Headgate>;
