/** What a call throws. Codes may grow: a program decides by those that it knows, and by `retryable` otherwise. */
import type { Job } from './types.ts';

export interface ErrorFacts {
  /** Of the API, see docs/using/errors.md; or one of this client: `network`, `key_in_browser`, `answer_invalid`, `wait_timeout`. */
  readonly code: string;
  /** Of HTTP; 0 when no answer came. */
  readonly status: number;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** A JSON pointer into the body, or `/name` of a parameter. */
  readonly pointer?: string | undefined;
  /** Names the request in the log of the stack. */
  readonly requestId?: string | undefined;
}

export class HeadgateError extends Error {
  override readonly name: string = 'HeadgateError';
  readonly code: string;
  readonly status: number;
  readonly retryable: boolean;
  readonly pointer: string | undefined;
  readonly requestId: string | undefined;

  constructor(message: string, facts: ErrorFacts, options?: ErrorOptions) {
    super(message, options);
    this.code = facts.code;
    this.status = facts.status;
    this.retryable = facts.retryable;
    this.pointer = facts.pointer;
    this.requestId = facts.requestId;
  }
}

/** `wait` with `throwOnFailure`: the job ended, and not well. */
export class JobFailed<Type extends string = string> extends HeadgateError {
  override readonly name = 'JobFailed';
  readonly job: Job<Type>;

  constructor(job: Job<Type>) {
    const why = job.failure === undefined ? '' : `: ${job.failure.code}, ${job.failure.message}`;
    super(`${job.id} ended as ${job.state}${why}`, {
      code: job.failure?.code ?? job.state,
      status: 200,
      retryable: false,
    });
    this.job = job;
  }
}

/** The job goes on. Only `cancel` ends a job. */
export class WaitTimeout extends HeadgateError {
  override readonly name = 'WaitTimeout';

  constructor(jobId: string, timeoutSeconds: number) {
    super(`${jobId} has not ended within ${timeoutSeconds} s. It goes on: a wait that ends cancels no job.`, {
      code: 'wait_timeout',
      status: 0,
      retryable: true,
    });
  }
}
