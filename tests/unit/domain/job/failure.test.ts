import { describe, expect, test } from '@jest/globals';
import { errorCatalogue } from '../../../../domain/errors.ts';
import {
  classifyFailure,
  type FailedTry,
  failureOf,
  signs,
  tenantMessage,
} from '../../../../domain/job/failure.ts';
import type { Failure } from '../../../../domain/job/job.ts';
import { workerExitCodes } from '../../../../domain/job/job-type.ts';

const EXITED = 'Essential container in task exited';
const reportedFailure = { code: 'csv_header_missing', message: 'The first line has no names.' };

const exited = (exitCode: number): FailedTry => ({ statusReason: EXITED, container: { exitCode } });

describe('why an attempt failed', () => {
  test.each<[string, FailedTry, Failure['class'], string, boolean]>([
    [
      'Spot on EC2 took the host',
      { statusReason: 'Host EC2 (instance i-0a1b2c3d4e5f67890) terminated.', container: {} },
      'spot_reclaimed',
      'spot_reclaimed',
      true,
    ],
    [
      'Spot on Fargate took the task',
      { statusReason: 'Your Spot Task was interrupted.', container: {} },
      'spot_reclaimed',
      'spot_reclaimed',
      true,
    ],
    [
      'Spot on Fargate took the task, and the container ended by the signal',
      { statusReason: 'Your Spot Task was interrupted.', container: { exitCode: 143 } },
      'spot_reclaimed',
      'spot_reclaimed',
      true,
    ],
    [
      'out of memory',
      {
        statusReason: EXITED,
        container: { exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' },
      },
      'out_of_memory',
      'out_of_memory',
      true,
    ],
    [
      'the image could not be pulled',
      {
        statusReason: 'Task failed to start',
        container: { reason: 'CannotPullContainerError: pull access denied' },
      },
      'image_error',
      'image_error',
      true,
    ],
    [
      'the entry point does not exist',
      {
        statusReason: 'Task failed to start',
        container: { exitCode: 127, reason: 'CannotStartContainerError: exec: "nod": not found' },
      },
      'image_error',
      'image_error',
      true,
    ],
    [
      'a secret could not be read at the start',
      {
        statusReason: 'Task failed to start',
        container: { reason: 'ResourceInitializationError: unable to pull secrets' },
      },
      'platform',
      'batch_failed',
      true,
    ],
    [
      'the task did not start, no more is known',
      { statusReason: 'Task failed to start', container: {} },
      'image_error',
      'image_error',
      true,
    ],
    [
      'it took too long, and the container ended by the kill',
      { statusReason: 'Job attempt duration exceeded timeout', container: { exitCode: 137 } },
      'timeout',
      'timed_out',
      true,
    ],
    [
      'no capacity within the time limit of the queue (F23)',
      { statusReason: 'Canceled by JobStateTimeLimit action due to reason: x', container: {} },
      'unschedulable',
      'unschedulable',
      false,
    ],
    [
      'an operator terminated it by hand',
      { statusReason: 'maintenance', isTerminated: true, container: { exitCode: 137 } },
      'platform',
      'ended_by_operator',
      false,
    ],
    ['no exit code and no known reason', { container: {} }, 'platform', 'batch_failed', true],
    ['exit 0 of a job that Batch calls failed', exited(0), 'app_error', 'exit_code', true],
    ['exit 1', exited(1), 'app_error', 'exit_code', true],
    ['exit 64: never again', exited(64), 'invalid_input', 'input_rejected', false],
    ['exit 75: try later', exited(75), 'app_error', 'try_later', true],
    ['exit 137 without a reason', exited(137), 'app_error', 'exit_code', true],
    ['the worker dies of a full heap (F75)', exited(134), 'out_of_memory', 'out_of_memory', true],
    [
      'the role of the task may not be assumed',
      {
        statusReason:
          'ECS was unable to assume the role arn:aws:iam::123456789012:role/x that was provided for this task.',
        container: {},
      },
      'platform',
      'platform_unavailable',
      true,
    ],
    [
      'a registry lets no part of Headgate in',
      {
        statusReason: 'Task failed to start',
        container: {
          reason:
            'ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: no such right',
        },
      },
      'platform',
      'platform_unavailable',
      true,
    ],
    [
      'its queue was deleted',
      { statusReason: 'JobQueue deleted', isTerminated: true, container: {} },
      'platform',
      'platform_unavailable',
      true,
    ],
    [
      'the network of the task was not ready in time',
      {
        statusReason: 'Timeout waiting for network interface provisioning to complete.',
        container: {},
      },
      'platform',
      'batch_failed',
      true,
    ],
    [
      'Fargate has no capacity',
      { statusReason: 'Capacity is unavailable at this time. Please try again later', container: {} },
      'platform',
      'batch_failed',
      true,
    ],
    [
      'the container runtime does not answer',
      { statusReason: EXITED, container: { reason: 'DockerTimeoutError: Could not transition to started' } },
      'platform',
      'batch_failed',
      true,
    ],
    [
      'the overrides are larger than ECS takes',
      { statusReason: 'Container Overrides length must be at most 8192', container: {} },
      'invalid_input',
      'batch_refused',
      false,
    ],
    [
      'a person terminates it, and gives a text of ECS as the reason',
      { statusReason: 'CannotPullContainerError again, AccessDenied', isTerminated: true, container: {} },
      'platform',
      'ended_by_operator',
      false,
    ],
    [
      'a person terminates it, with a reason that begins like one of ours',
      { statusReason: 'Host EC2 looks sick', isTerminated: true, container: { exitCode: 137 } },
      'platform',
      'ended_by_operator',
      false,
    ],
  ])('%s', (_, seen, cls, code, retryable) => {
    expect(classifyFailure(seen, undefined, workerExitCodes)).toMatchObject({
      failure: { class: cls, code },
      retryable,
    });
  });

  test.each([
    [64, 'invalid_input', false],
    [75, 'app_error', true],
    [1, 'app_error', true],
  ])("after exit %d the worker's own word is the code and the sentence", (exitCode, cls, retryable) => {
    expect(classifyFailure(exited(exitCode), reportedFailure, workerExitCodes)).toMatchObject({
      failure: { class: cls, ...reportedFailure },
      retryable,
    });
  });

  test.each([
    ['input_not_found', 'invalid_input'],
    ['a_code_of_the_handler', 'invalid_input'],
    ['result_too_large', 'app_error'],
    ['job_type_removed', 'platform'],
  ])(
    "a worker that ends for good with %s is a failure of class %s: not each one is the tenant's (F77)",
    (code, cls) => {
      const { failure, retryable } = classifyFailure(exited(64), { code, message: 'x' }, workerExitCodes);
      expect(failure).toMatchObject({ class: cls, code });
      expect(retryable).toBe(false);
    },
  );

  test("the worker's word does not hide that its host was taken", () => {
    const seen = { statusReason: 'Your Spot Task was interrupted.', container: { exitCode: 75 } };
    expect(classifyFailure(seen, reportedFailure, workerExitCodes).failure.code).toBe('spot_reclaimed');
  });

  test('an image with a contract of its own is judged by that contract', () => {
    expect(classifyFailure(exited(3), undefined, { 3: 'never_again' }).retryable).toBe(false);
    expect(classifyFailure(exited(64), undefined, {}).failure.code).toBe('exit_code');
  });

  test('an image that ends with 137 when it is out of memory may say so (F75)', () => {
    const { failure } = classifyFailure(exited(137), undefined, { 137: 'out_of_memory' });
    expect(failure).toMatchObject({ class: 'out_of_memory', code: 'out_of_memory' });
  });

  test('what the worker reported before its heap was full is not the reason of its end', () => {
    const { failure } = classifyFailure(exited(134), reportedFailure, workerExitCodes);
    expect(failure.code).toBe('out_of_memory');
  });

  test('the facts Batch gave are kept, and only those', () => {
    const seen = { statusReason: EXITED, container: { exitCode: 1, logStreamName: 'medium/default/abc' } };
    expect(classifyFailure(seen, undefined, workerExitCodes).failure).toEqual({
      class: 'app_error',
      code: 'exit_code',
      message: 'The container ended with exit code 1.',
      exitCode: 1,
      reason: EXITED,
      logStream: 'medium/default/abc',
    });
    expect(classifyFailure({ container: {} }, undefined, workerExitCodes).failure).not.toHaveProperty(
      'exitCode',
    );
  });

  test("the operator's text is kept short, however long AWS Batch talks", () => {
    const seen = { statusReason: `Task failed to start ${'x'.repeat(1000)}`, container: {} };
    expect(classifyFailure(seen, undefined, workerExitCodes).failure.reason?.length).toBe(512);
  });

  test('both texts of AWS Batch are kept: what ended the container, and why', () => {
    const seen = {
      statusReason: 'Task failed to start',
      container: { reason: 'CannotPullContainerError: x' },
    };
    expect(classifyFailure(seen, undefined, workerExitCodes).failure.reason).toBe(
      'Task failed to start: CannotPullContainerError: x',
    );
  });

  test("a code that is not the worker's has the sentence of the catalogue, whatever AWS said", () => {
    for (const { code } of signs)
      expect(failureOf('platform', code).message).toBe(errorCatalogue[code].meaning);
  });

  test('a record of an earlier version, with the text of AWS Batch as its message, tells the sentence of its code', () => {
    const old = {
      code: 'batch_refused',
      message: 'Job queue arn:aws:batch:eu-central-1:123456789012:job-queue/a',
    };
    expect(tenantMessage(old)).toBe(errorCatalogue.batch_refused.meaning);
  });
});
