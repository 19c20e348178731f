/** Submissions: one, many, and one that is only to be judged. */
import type { HeadgateError } from './errors.ts';
import { type Call, errorOf, type ProblemBody, type Transport } from './transport.ts';
import type { CallOptions, Group, JobState, SubmitOptions, Verdict, WithInput } from './types.ts';

/** What a submission answers. Without the scope `jobs:read` nothing more is told. */
export interface Submitted {
  readonly id: string;
  readonly state: JobState;
  /** True when the same request was sent before. */
  readonly replayed: boolean;
}

/** One of several: its job, or why there is none. */
export type SubmittedOfMany = Submitted | { readonly error: HeadgateError };

/** An array is a group, by whose name its end is waited for. */
export interface SubmittedArray {
  readonly group: string;
  readonly state: Group['state'];
  /** True when the same request was sent before. */
  readonly replayed: boolean;
}

/** The inputs themselves, or the address of an object of the tenant, with one on each line. */
export type ArrayItems<Input> =
  | { readonly items: readonly Input[]; readonly itemsRef?: never }
  | { readonly itemsRef: string; readonly items?: never };

export interface ArrayLimits {
  /** So many of its jobs run at once. */
  readonly concurrency?: number;
  /** When more of its items have failed, the others are cancelled. */
  readonly maxFailed?: number;
}

/** One job for each input; everything else is the same for all. */
export type ArrayRequest<Input> = ArrayItems<Input> & ArrayLimits & Omit<SubmitOptions, 'group'>;

/** A request with its job type, for `submitMany`. */
export type JobRequest<Inputs> = {
  [Type in keyof Inputs & string]: { readonly type: Type } & WithInput<Inputs[Type]> & SubmitOptions;
}[keyof Inputs & string];

export interface Submissions<Inputs> {
  submit<Type extends keyof Inputs & string>(
    type: Type,
    request: WithInput<Inputs[Type]> & SubmitOptions,
    options?: CallOptions,
  ): Promise<Submitted>;
  /**
   * Any number of requests, in calls of a hundred; each has an answer in its place. The same list may be sent again: what was
   * recorded is found. @throws HeadgateError when a call is refused as a whole
   */
  submitMany(
    requests: readonly JobRequest<Inputs>[],
    options?: CallOptions,
  ): Promise<readonly SubmittedOfMany[]>;
  /**
   * One job for each input: up to 1,000 `items`, of which all or none are accepted, or up to 10,000 lines of the object at
   * `itemsRef`. `groups.wait` waits for the end of all.
   */
  submitArray<Type extends keyof Inputs & string>(
    type: Type,
    request: ArrayRequest<Inputs[Type]>,
    options?: CallOptions,
  ): Promise<SubmittedArray>;
  /** What would become of a request. Nothing is recorded. */
  check<Type extends keyof Inputs & string>(
    type: Type,
    request: WithInput<Inputs[Type]> & SubmitOptions,
    options?: CallOptions,
  ): Promise<Verdict>;
}

const MAX_BATCH = 100;

export function submissions<Inputs>(call: Transport): Submissions<Inputs> {
  const post = (path: string, body: unknown, more: Partial<Call>) =>
    call({ method: 'POST', path: `/v1/${path}`, body, ...more });
  // The answers are those of the API's document, which a test holds against these types.
  return {
    async submit(jobType, { idempotencyKey, ...request }, options) {
      const { status, body } = await post('jobs', { jobType, ...request }, { idempotencyKey, ...options });
      return { ...(body as Omit<Submitted, 'replayed'>), replayed: status === 200 };
    },
    async submitMany(requests, options) {
      const all: SubmittedOfMany[] = [];
      for (let from = 0; from < requests.length; from += MAX_BATCH) {
        const jobs = requests
          .slice(from, from + MAX_BATCH)
          .map(({ type: jobType, ...request }) => ({ jobType, ...request }));
        const { body } = await post('jobs:batch', { jobs }, { repeatable: true, ...options });
        all.push(...(body as { results: BatchResult[] }).results.map(submittedOf));
      }
      return all;
    },
    async submitArray(jobType, request, options) {
      const { idempotencyKey, ...asked } = arrayBody(jobType, request);
      const { status, body } = await post('arrays', asked, { idempotencyKey, ...options });
      return { ...(body as Omit<SubmittedArray, 'replayed'>), replayed: status === 200 };
    },
    check: async (jobType, request, options) =>
      (await post('jobs:check', { jobType, ...request }, { repeatable: true, ...options })).body as Verdict,
  };
}

/** As a message has it. */
export function arrayBody<Input>(
  jobType: string,
  { items, itemsRef, concurrency, maxFailed, ...request }: ArrayRequest<Input>,
) {
  return { jobType, array: { items, itemsRef, concurrency, maxFailed }, ...request };
}

interface BatchResult {
  readonly status: number;
  readonly id?: string;
  readonly state?: JobState;
  readonly problem?: ProblemBody;
}

function submittedOf({ status, id, state, problem = {} }: BatchResult): SubmittedOfMany {
  return id === undefined || state === undefined
    ? { error: errorOf(status, problem) }
    : { id, state, replayed: status === 200 };
}
