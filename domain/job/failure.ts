/**
 * Why an attempt failed, from what AWS Batch reports: exit code, container reason, status reason.
 *
 * `Essential container in task exited` is in reports of success and of failure, so it decides nothing; exit codes are
 * often absent (host lost, image not pulled), so they cannot decide alone.
 */
import type { ErrorCode } from '../errors.ts';
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
  readonly on: 'status' | 'container';
  readonly startsWith: string;
  readonly class: FailureClass;
  readonly code: ErrorCode;
  readonly retryable: boolean;
}

/**
 * First match wins. Texts as seen in real accounts; AWS documents only some of them.
 * @see AWS Batch user guide, "Automated job retries" and "Job timeouts"
 */
export const signs: readonly Sign[] = [
  sign('status', 'Job attempt duration exceeded timeout', 'timeout', 'timed_out', true),
  sign('status', 'Your Spot Task was interrupted', 'spot_reclaimed', 'spot_reclaimed', true),
  sign('status', 'Host EC2', 'spot_reclaimed', 'spot_reclaimed', true),
  sign('status', 'Canceled by JobStateTimeLimit', 'unschedulable', 'unschedulable', false),
  sign('status', 'Container Overrides length', 'invalid_input', 'batch_refused', false),
  sign('container', 'OutOfMemory', 'out_of_memory', 'out_of_memory', true),
  sign('container', 'CannotPullContainer', 'image_error', 'image_error', true),
  sign('container', 'CannotStartContainer', 'image_error', 'image_error', true),
  sign('container', 'CannotCreateContainer', 'image_error', 'image_error', true),
  sign('container', 'ResourceInitializationError', 'platform', 'batch_failed', true),
  sign('status', 'Task failed to start', 'image_error', 'image_error', true),
];

/** @returns the failure as the record keeps it, and whether another attempt may help */
export function classifyFailure(
  seen: FailedTry,
  reportedFailure: JobRecord['reportedFailure'],
  exitCodes: Readonly<Record<number, ExitMeaning>>,
): { failure: Failure; retryable: boolean } {
  const { exitCode, reason, logStreamName: logStream } = seen.container;
  const facts = { exitCode, reason: reason ?? seen.statusReason, logStream };
  const found = signs.find((s) => (s.on === 'status' ? seen.statusReason : reason)?.startsWith(s.startsWith));
  if (found !== undefined)
    return failed(found.class, found.code, found.retryable, describe(found, seen), facts);
  if (seen.isTerminated === true) {
    return failed(
      'platform',
      'ended_by_operator',
      false,
      'The Batch job was terminated outside of Headgate.',
      facts,
    );
  }
  if (exitCode === undefined) {
    return failed(
      'platform',
      'batch_failed',
      true,
      'AWS Batch reports a failure without an exit code.',
      facts,
    );
  }
  return fromExitCode(exitCode, reportedFailure, exitCodes, facts);
}

type Facts = { [K in 'exitCode' | 'reason' | 'logStream']: Failure[K] };

function fromExitCode(
  exitCode: number,
  reportedFailure: JobRecord['reportedFailure'],
  exitCodes: Readonly<Record<number, ExitMeaning>>,
  facts: Facts,
): { failure: Failure; retryable: boolean } {
  const meaning = exitCodes[exitCode];
  if (meaning === 'never_again') {
    const message =
      reportedFailure?.message ?? `The container ended with exit code ${exitCode}: never again.`;
    return failed('invalid_input', reportedFailure?.code ?? 'input_rejected', false, message, facts);
  }
  if (meaning === 'try_later') {
    const message = reportedFailure?.message ?? `The container ended with exit code ${exitCode}: try later.`;
    return failed('app_error', reportedFailure?.code ?? 'try_later', true, message, facts);
  }
  const message = reportedFailure?.message ?? `The container ended with exit code ${exitCode}.`;
  return failed('app_error', reportedFailure?.code ?? 'exit_code', true, message, facts);
}

function failed(cls: FailureClass, code: string, retryable: boolean, message: string, facts: Facts) {
  const known = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  return { failure: { class: cls, code, message, ...known }, retryable };
}

function describe(found: Sign, seen: FailedTry): string {
  return (found.on === 'status' ? seen.statusReason : seen.container.reason)?.slice(0, 255) ?? found.code;
}

function sign(
  on: Sign['on'],
  startsWith: string,
  cls: FailureClass,
  code: ErrorCode,
  retryable: boolean,
): Sign {
  return { on, startsWith, class: cls, code, retryable };
}
