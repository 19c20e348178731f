/**
 * Why an attempt failed, from what AWS Batch reports: exit code, container reason, status reason. A failure has two texts
 * for two readers: `message` is a sentence of ours that a tenant may read, `reason` is what AWS Batch said, for the operator.
 *
 * `Essential container in task exited` is in reports of success and of failure, so it decides nothing; exit codes are
 * often absent (host lost, image not pulled), so they cannot decide alone.
 */
import { type ErrorCode, errorCatalogue, isErrorCode } from '../errors.ts';
import { isFunctionRun } from '../executor/executor.ts';
import { withoutInternals } from '../redaction.ts';
import { MAX_REASON_CHARACTERS, shortened } from '../size.ts';
import type { Failure, FailureClass, JobRecord } from './job.ts';
import type { ExitMeaning } from './job-type.ts';

export interface FailedTry {
  readonly statusReason?: string | undefined;
  readonly isTerminated?: boolean | undefined;
  readonly container: {
    readonly exitCode?: number | undefined;
    readonly reason?: string | undefined;
    readonly logStreamName?: string | undefined;
  };
}

interface Sign {
  readonly class: FailureClass;
  readonly code: ErrorCode;
  readonly on: 'status' | 'container' | 'either';
  readonly says: RegExp;
}

/**
 * First match wins. Texts as seen in real accounts; AWS documents only some of them.
 * @see AWS Batch user guide, "Automated job retries" and "Job timeouts"
 * @see Amazon ECS developer guide, "Stopped tasks error messages"
 */
export const signs: readonly Sign[] = [
  sign('timeout', 'timed_out', 'status', /^Job attempt duration exceeded timeout/),
  sign('spot_reclaimed', 'spot_reclaimed', 'status', /^Your Spot Task was interrupted|^SpotInterruption/),
  sign('spot_reclaimed', 'spot_reclaimed', 'status', /^Host EC2 \(instance [^)]*\) terminated/),
  sign('unschedulable', 'unschedulable', 'status', /^Canceled by JobStateTimeLimit/),
  // What reconcile says when it ends a Batch job that was stuck (domain/batch/stuck.ts).
  sign(
    'unschedulable',
    'stuck_and_retried',
    'status',
    /^Headgate: stuck in AWS Batch \(\w+\), to be run again/,
  ),
  sign('unschedulable', 'stuck_in_batch', 'status', /^Headgate: stuck in AWS Batch/),
  // ECS limits the overrides, and AWS Batch meets that limit only after it has accepted the job.
  sign('invalid_input', 'batch_refused', 'status', /^Container Overrides length/),
  sign('platform', 'platform_unavailable', 'status', /^JobQueue deleted/),
  sign('out_of_memory', 'out_of_memory', 'container', /^OutOfMemory/),
  sign('image_error', 'image_error', 'either', /^Cannot(Pull|Start|Create)\w*/),
  sign(
    'platform',
    'platform_unavailable',
    'either',
    /unable to assume (the )?role|not authorized to perform|AccessDenied/i,
  ),
  sign(
    'platform',
    'batch_failed',
    'either',
    /^(ResourceInitializationError|DockerTimeoutError|DockerStateError|ContainerRuntime(Timeout)?Error|CannotInspectContainer|CannotStopContainer|InternalError|Timeout waiting for|Capacity is unavailable)/,
  ),
  sign('image_error', 'image_error', 'status', /^Task ?failed to start/i),
];

/** @returns the failure as the record keeps it, and whether another attempt may help */
export function classifyFailure(
  seen: FailedTry,
  reported: JobRecord['reportedFailure'],
  exitCodes: Readonly<Record<number, ExitMeaning>>,
): { failure: Failure; retryable: boolean } {
  const { exitCode, reason, logStreamName: logStream } = seen.container;
  const { statusReason } = seen;
  const facts = { exitCode, reason: wordsOf(statusReason, reason), logStream };
  // The status reason of a terminated Batch job is a person's text, which may begin like one of ECS.
  const either = seen.isTerminated === true ? [reason] : [reason, statusReason];
  const texts = { status: [statusReason], container: [reason], either };
  const found = signs.find(({ on, says }) => texts[on].some((text) => text !== undefined && says.test(text)));
  if (found !== undefined) return judged(found.class, found.code, facts);
  if (seen.isTerminated === true) return judged('platform', 'ended_by_operator', facts);
  if (exitCode === undefined) return judged('platform', 'batch_failed', facts);
  return fromExitCode(exitCode, reported, exitCodes[exitCode], facts);
}

interface Facts {
  readonly exitCode?: number | undefined;
  readonly reason?: string | undefined;
  readonly logStream?: string | undefined;
}

/** A failure with the sentence of the catalogue. A text of AWS goes into its `reason`. */
export function failureOf(cls: FailureClass, code: ErrorCode, facts: Facts = {}): Failure {
  return failureWith(cls, code, errorCatalogue[code].meaning, facts);
}

function fromExitCode(
  exitCode: number,
  reported: JobRecord['reportedFailure'],
  meaning: ExitMeaning | undefined,
  facts: Facts,
): { failure: Failure; retryable: boolean } {
  // The process died before it could report; an earlier report of it is about something else.
  if (meaning === 'out_of_memory') return judged('out_of_memory', 'out_of_memory', facts);
  const { cls, code, retryable, ending } = meaningOf(meaning);
  const message = reported?.message ?? `The container ended with exit code ${exitCode}${ending}.`;
  const reportedCode = reported?.code ?? code;
  return { failure: failureWith(classOf(reportedCode) ?? cls, reportedCode, message, facts), retryable };
}

/** A worker that ends for good has not always met a bad input: a result that is too large is its author's. */
function classOf(code: string): FailureClass | undefined {
  if (!isErrorCode(code)) return undefined;
  const entry = errorCatalogue[code];
  if (!('owner' in entry) || entry.owner === 'tenant') return undefined;
  return entry.owner === 'service author' ? 'app_error' : 'platform';
}

function meaningOf(meaning: ExitMeaning | undefined) {
  if (meaning === 'never_again')
    return {
      cls: 'invalid_input',
      code: 'input_rejected',
      retryable: false,
      ending: ': never again',
    } as const;
  if (meaning === 'try_later')
    return { cls: 'app_error', code: 'try_later', retryable: true, ending: ': try later' } as const;
  return { cls: 'app_error', code: 'exit_code', retryable: true, ending: '' } as const;
}

function judged(cls: FailureClass, code: ErrorCode, facts: Facts): { failure: Failure; retryable: boolean } {
  return { failure: failureOf(cls, code, facts), retryable: errorCatalogue[code].instruction === 'retry' };
}

/** Of an attempt whose end was not reported. */
export function lost(runId: string | undefined, name: string): Failure {
  if (isFunctionRun(runId))
    return failureOf('lost', 'run_lost', {
      reason: `Lambda has ended ${name} by now, and its end was not reported.`,
    });
  const reason = `AWS Batch no longer knows ${name}, and its end was not reported.`;
  return failureOf('lost', 'batch_forgot', { reason });
}

/** A failure with a sentence of ours that says more than the catalogue's. */
export function failureWith(cls: FailureClass, code: string, message: string, facts: Facts): Failure {
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  return { class: cls, code, message: withoutInternals(message), ...known };
}

/** The status reason names the event, the container's reason its cause. */
function wordsOf(statusReason: string | undefined, reason: string | undefined): string | undefined {
  const said = [statusReason, reason].filter((text) => text !== undefined && text !== '');
  return said.length === 0 ? undefined : shortened([...new Set(said)].join(': '), MAX_REASON_CHARACTERS);
}

/** Codes whose sentence is always the catalogue's. For other codes the worker, or our own code, may be more exact. */
const OURS: ReadonlySet<ErrorCode> = new Set([
  ...signs.map(({ code }) => code),
  ...([
    'request_impossible',
    'ended_by_operator',
    'batch_forgot',
    'run_lost',
    'function_crashed',
    'result_missing',
    'deadline_exceeded',
  ] as const),
]);

/**
 * The sentence of a failure for its tenant. It is derived from the code each time: a record that an earlier version wrote
 * may have the text of AWS Batch as its message.
 */
export function tenantMessage({ code, message }: Pick<Failure, 'code' | 'message'>): string {
  return isErrorCode(code) && OURS.has(code) ? errorCatalogue[code].meaning : withoutInternals(message);
}

function sign(cls: FailureClass, code: ErrorCode, on: Sign['on'], says: RegExp): Sign {
  return { class: cls, code, on, says };
}
