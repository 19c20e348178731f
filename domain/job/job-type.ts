/** What a job type consists of. The registry is `job-types.ts` at the root, which users edit. */
import type * as z from 'zod';
import type { Container } from '../container/container.ts';
import { fnv1a } from './identity.ts';
import type { FailureClass } from './job.ts';

/** What an exit code of the container means. `job-types.ts` may name more codes for an image of its own. */
export type ExitMeaning = 'done' | 'never_again' | 'try_later' | 'out_of_memory';

/**
 * The contract with Headgate's own worker: 0 done, 64 never again (EX_USAGE), 75 try later (EX_TEMPFAIL). 134 is SIGABRT,
 * by which V8 ends a process whose heap is full. 137 is not here: a host that is lost and an operator end a container by
 * the same signal as the kernel does; an image for which it means its memory may say so.
 */
export const workerExitCodes: Readonly<Record<number, ExitMeaning>> = {
  0: 'done',
  64: 'never_again',
  75: 'try_later',
  134: 'out_of_memory',
};

export type Executor = 'batch' | 'lambda';

export interface RetryPolicy {
  /** Attempts that may fail, the first included. Those that Spot took away are not counted here. */
  readonly maxAttempts: number;
  /**
   * How many attempts may fail in this way, whatever ended others before; 1 means no attempt after the first such failure.
   * `spot_reclaimed` is the bound of reclaims: 10 if absent, and 1 when `maxAttempts` is 1. With it a job has at most 63
   * attempts.
   */
  readonly maxAttemptsOf?: Partial<Record<FailureClass, number>>;
  readonly backoff: { readonly initialSeconds: number; readonly factor: number; readonly maxSeconds: number };
}

export interface JobType<Input extends z.ZodType = z.ZodType> {
  readonly id: string;
  readonly summary: string;
  readonly input: Input;
  /** What runs it. The build makes a job definition of it. */
  readonly container: Container;
  /**
   * What starts its attempts; AWS Batch if absent. On Lambda its handler in `worker/handlers/` runs in a function with the memory of its
   * size, within a second, for minutes at most.
   */
  readonly executor?: Executor;
  /**
   * After an attempt that ran out of its time on Lambda, `timeoutSeconds.default`, the next ones run on AWS Batch for up to
   * `timeoutSeconds.max`. Absent: on Lambda.
   */
  readonly onTimeout?: 'batch';
  /** Of AWS Batch. */
  readonly queue: 'standard' | 'economy';
  /** After this many Spot reclaims of one job, its next attempts go to the standard queue. Absent: never. */
  readonly standardAfterReclaims?: number;
  /**
   * For an image that knows nothing of Headgate: the values of the placeholders in its command.
   */
  parameters?(input: z.output<Input>): Readonly<Record<string, string>>;
  readonly timeoutSeconds: { readonly default: number; readonly max: number };
  readonly retry: RetryPolicy;
  readonly exitCodes: Readonly<Record<number, ExitMeaning>>;
  /** Whether success needs a committed result. Containers that know nothing of Headgate promise none. */
  readonly promisesResult: boolean;
  /**
   * What becomes of a job that AWS Batch has had for so long without starting it: its Batch job is terminated, and the job is tried again
   * or fails as `stuck_in_batch`. Absent: it waits. Less than half an hour is not noticed in time.
   */
  readonly stuck?: { readonly afterSeconds: number; readonly action: 'retry' | 'fail' };
  /**
   * Whether its program gets credentials of AWS beside signed URLs: to read all objects of the tenant, and to write those of its own try.
   * They live for up to an hour and cannot be ended before. For programs that stream many objects with an SDK; absent: none.
   */
  readonly scopedCredentials?: boolean;
  /** `tenant`: what the program prints is also for the tenant of its job, with the scope `logs:read`. Absent: for operators alone. */
  readonly logs?: 'tenant';
  /** Whether progress is published as `job.progress`, at most once a minute. Absent: it is in the record only. */
  readonly publishesProgress?: boolean;
}

/** Equal for jobs of one type; a holder has two bytes for it. */
export const typeTagOf = (jobType: string): number => fnv1a(jobType) & 0xffff;

/** Two job types with the same tag would share their caps. */
export function tagsClash(jobTypes: readonly string[]): boolean {
  return new Set(jobTypes.map(typeTagOf)).size !== jobTypes.length;
}

/** The part of a job type that decides at the end of an attempt. */
export type JobEnding = Pick<
  JobType,
  'retry' | 'promisesResult' | 'exitCodes' | 'publishesProgress' | 'logs'
> &
  Partial<Pick<JobType, 'timeoutSeconds' | 'onTimeout'>>;

/**
 * The rules for the end of an attempt whose job type was removed: the worker's report counts, and there is no next
 * attempt.
 */
export const withoutType: JobEnding = {
  retry: { maxAttempts: 1, backoff: { initialSeconds: 1, factor: 1, maxSeconds: 1 } },
  promisesResult: false,
  exitCodes: workerExitCodes,
};

export type JobTypes = ReadonlyMap<string, JobType>;
