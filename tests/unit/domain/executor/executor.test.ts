/** Attempts on Lambda: what may run there, when a run is absent, and when it is lost. */
import { describe, expect, test } from '@jest/globals';
import { planRepair } from '../../../../domain/batch/reconcile.ts';
import { planSubmission, runRequest, submitRequest } from '../../../../domain/batch/submission.ts';
import {
  CLAIM_SKEW_MS,
  CLAIM_WITHIN_MS,
  executorAfter,
  functionRunId,
} from '../../../../domain/executor/executor.ts';
import { wrongExecutor } from '../../../../domain/executor/executor-check.ts';
import { nextLook } from '../../../../domain/job/due.ts';
import { EndedAttempt } from '../../../../domain/job/job.ts';
import type { JobType } from '../../../../domain/job/job-type.ts';
import { FIRST, JOB_ID, jobIn, NOW, reportType } from '../../../support/jobs.ts';

const quick: JobType = {
  ...reportType,
  executor: 'lambda',
  onTimeout: 'batch',
  retry: { ...reportType.retry, maxAttemptsOf: { timeout: 2 } },
};
const claimBy = NOW + CLAIM_WITHIN_MS;
const awaited = jobIn('submitting', { runId: undefined, callOpen: true, claimBy });
const running = jobIn('running', { runId: functionRunId(FIRST), claimBy, endsBy: NOW + 390_000 });
const asked = { tenantId: awaited.tenantId, jobId: JOB_ID, attempt: 1 };
const timedOut = EndedAttempt.parse({
  attempt: 1,
  endedAt: NOW,
  failure: { class: 'timeout', code: 'timed_out', message: 'It was too slow.' },
});

const { container } = quick;
const withContainer = (change: object): JobType => ({ ...quick, container: { ...container, ...change } });

describe('a job type that Lambda cannot run', () => {
  test.each<[string, JobType, RegExp]>([
    [
      'an image of its own',
      withContainer({ image: { ...container.image, uri: 'ghcr.io/a/b:1' } }),
      /no image such as/,
    ],
    ['secrets', withContainer({ secrets: { KEY: 'arn:aws:ssm:eu-west-1:1:parameter/a' } }), /no secrets/],
    ['a file system to write to', withContainer({ writable: true }), /\/tmp alone/],
    ['memory that grows', withContainer({ size: { ...container.size, growsToMiB: 4096 } }), /one size/],
    ['too much memory', withContainer({ size: { vcpus: 4, memoryMiB: 16_384 } }), /128 to 10240 MiB/],
    ['a command with values', { ...quick, parameters: () => ({}) }, /parameters are for a command/],
    ['too much time', { ...quick, timeoutSeconds: { default: 1771, max: 3600 } }, /at most 1770 seconds/],
    [
      'a way to AWS Batch that no attempt takes',
      { ...quick, retry: reportType.retry },
      /no attempt follows a timeout/,
    ],
    ['a way from Lambda without Lambda', { ...quick, executor: 'batch' }, /executor is lambda/],
  ])('is refused: %s', (_, type, sentence) => {
    expect(wrongExecutor(type)).toMatch(sentence);
  });

  test('and one that it can run is not', () => {
    expect([wrongExecutor(quick), wrongExecutor(reportType)]).toEqual([undefined, undefined]);
  });
});

describe('the call of an attempt on Lambda', () => {
  test('is waited for until the time for its claim is over, and is absent then', () => {
    expect(planSubmission(awaited, asked, claimBy, 60_000)).toEqual({
      kind: 'later',
      atMs: claimBy + CLAIM_SKEW_MS,
    });
    expect(planSubmission(awaited, asked, claimBy + CLAIM_SKEW_MS, 60_000)).toEqual({ kind: 'resolve' });
  });

  test('is absent at once when the end of the job was asked for: no claim succeeds any more', () => {
    const ending = jobIn('cancelling', { runId: undefined, callOpen: true, claimBy });
    expect(planSubmission(ending, asked, NOW, 60_000)).toEqual({ kind: 'resolve' });
  });

  test('asks for no end of a run that goes on: it hears of it by itself', () => {
    const ending = jobIn('cancelling', { runId: functionRunId(FIRST), claimBy, endsBy: NOW + 390_000 });
    expect(planSubmission(ending, asked, NOW, 60_000)).toEqual({ kind: 'done' });
  });

  test('carries a ticket and no input', () => {
    const targets = { queues: { standard: 's', economy: 'e' }, definitionOf: String, functionOf: String };
    const parts = { targets, ticket: 'ticket', nowMs: NOW, traceparent: undefined };
    expect(runRequest(awaited, quick, parts)).toEqual({
      functionName: quick.id,
      tenantId: awaited.tenantId,
      payload: { ticket: 'ticket', timeoutSeconds: 300 },
    });
  });
});

describe('reconcile', () => {
  test.each([
    ['leaves a run alone that may still be claimed', awaited, claimBy, 'run'],
    ['asks submit about one that was not claimed', awaited, claimBy + CLAIM_SKEW_MS, 'dispatch'],
    ['leaves a run alone that Lambda may still run', running, NOW + 389_000, 'run'],
    ['gives a run up that Lambda has ended by now', running, NOW + 390_000, 'lose'],
  ] as const)('%s', (_, job, nowMs, kind) => {
    expect(planRepair(job, nowMs).kind).toBe(kind);
  });

  test('looks at a run again when it is over, and not before', () => {
    expect(nextLook(running, NOW)).toBe(NOW + 390_000);
    expect(nextLook(awaited, NOW)).toBe(claimBy + CLAIM_SKEW_MS);
  });
});

describe('a job that was too slow for Lambda', () => {
  test('goes to AWS Batch, and no other failure sends it there', () => {
    expect(executorAfter(quick, ['app_error', 'out_of_memory'])).toBe('lambda');
    expect(executorAfter(quick, ['timeout', 'app_error'])).toBe('batch');
    expect(executorAfter({ executor: 'lambda' }, ['timeout'])).toBe('lambda');
  });

  test('has all the time of its type there', () => {
    const targets = { queues: { standard: 's', economy: 'e' }, definitionOf: String, functionOf: String };
    const moved = jobIn('submitting', { attempt: 2, endedAttempts: [timedOut] });
    const parts = { targets, ticket: 'ticket', nowMs: NOW, input: {}, traceparent: undefined };
    expect(submitRequest(moved, quick, 1, parts).timeout.attemptDurationSeconds).toBe(900);
  });
});
