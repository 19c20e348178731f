/** What a job type promises is tried when it is packaged, and refused when it cannot come true. */
import { describe, expect, test } from '@jest/globals';
import type { Size } from '../../../../domain/container/container.ts';
import { FailureClass } from '../../../../domain/job/job.ts';
import type { JobType } from '../../../../domain/job/job-type.ts';
import { brokenPromise } from '../../../../domain/job/policy-promises.ts';
import { defineJobTypes } from '../../../../domain/job/registry.ts';
import { checkJobTypes } from '../../../../domain/registry/registry-check.ts';
import { jobTypes } from '../../../../job-types.ts';
import { reportType, withSize } from '../../../support/jobs.ts';

const sized = (size: Size): Partial<JobType> => ({ container: withSize(size).container });
const economy: JobType = { ...reportType, queue: 'economy' };
const retrying = (retry: Partial<JobType['retry']>): Partial<JobType> => ({
  retry: { ...reportType.retry, ...retry },
});
const pausing = (backoff: Partial<JobType['retry']['backoff']>) =>
  retrying({ backoff: { ...reportType.retry.backoff, ...backoff } });

describe('a job type is refused', () => {
  test.each<[string, Partial<JobType>, RegExp]>([
    [
      'when its memory cannot grow to its maximum (F97)',
      sized({ vcpus: 0.25, memoryMiB: 512, growsToMiB: 2048 }),
      /growsToMiB 2048 is never reached: with 2 attempts .* the last has 1024, and 3 are needed/,
    ],
    [
      'when its memory does not grow',
      sized({ vcpus: 1, memoryMiB: 2048, growsToMiB: 2048 }),
      /from 2048 to 2048 MiB, which is not more/,
    ],
    [
      'when Fargate has no such vCPUs',
      sized({ vcpus: 3, memoryMiB: 8192 }),
      /no task of 3 vCPUs: expected 0\.25, 0\.5,/,
    ],
    [
      'when Fargate has no such memory for its vCPUs',
      sized({ vcpus: 1, memoryMiB: 512 }),
      /1 vCPUs with 512 MiB: expected 2048 to 8192 in steps of 1024/,
    ],
    [
      'when its memory grows to what Fargate does not have',
      sized({ vcpus: 0.25, memoryMiB: 1024, growsToMiB: 1536 }),
      /0\.25 vCPUs with 1536 MiB: expected 512, 1024, 2048/,
    ],
    [
      'when a class has more attempts than the job',
      retrying({ maxAttemptsOf: { out_of_memory: 4 } }),
      /4 attempts of out_of_memory are promised and 3 can happen: maxAttempts is 3/,
    ],
    [
      'when it promises to repeat what no attempt mends',
      retrying({ maxAttemptsOf: { invalid_input: 2 } }),
      /2 attempts of invalid_input .* no later attempt mends that/,
    ],
    [
      'when it leaves Spot after more reclaims than it may have',
      { standardAfterReclaims: 2, ...retrying({ maxAttemptsOf: { spot_reclaimed: 2 } }) },
      /follows 2 reclaims, and a job has 2 at most/,
    ],
    ['when it leaves Spot and is not in it', { queue: 'standard', standardAfterReclaims: 2 }, /are in/],
    ['when its first pause is longer than its longest', pausing({ initialSeconds: 90 }), /never waited/],
    ['when its pauses get shorter', pausing({ factor: 0.5 }), /backoff\.factor, found 0\.5/],
    ['when its pause is no number', pausing({ initialSeconds: Number.NaN }), /found NaN/],
    ['when it has no attempt', retrying({ maxAttempts: 0 }), /whole number from 1 as maxAttempts, found 0/],
    ['when a class has half an attempt', retrying({ maxAttemptsOf: { lost: 1.5 } }), /as lost, found 1\.5/],
    ['when it has more attempts than a slot can tell apart', retrying({ maxAttempts: 60 }), /up to 69 with/],
    ['when its timeout is above its maximum', { timeoutSeconds: { default: 900, max: 300 } }, /is more than/],
    ['when AWS Batch takes no such timeout', { timeoutSeconds: { default: 30, max: 300 } }, /found 30$/],
    [
      'when AWS Batch takes no such timeout of an attempt that has moved to it',
      {
        queue: 'standard',
        executor: 'lambda',
        onTimeout: 'batch',
        timeoutSeconds: { default: 5, max: 30 },
        ...retrying({ maxAttemptsOf: { timeout: 2 } }),
      },
      /expected 60 to 1209600 as timeoutSeconds\.max, which AWS Batch takes, found 30$/,
    ],
    [
      'when Lambda has no such timeout',
      { queue: 'standard', executor: 'lambda', timeoutSeconds: { default: 0.5, max: 30 } },
      /expected 1 to 1209600 as timeoutSeconds\.default, which Lambda has, found 0\.5$/,
    ],
    [
      'when a code that is a failure means done',
      { exitCodes: { 0: 'done', 3: 'done' } },
      /3 cannot mean done/,
    ],
    ['when success is a failure', { exitCodes: { 0: 'try_later' } }, /0 cannot mean try_later/],
    ['when a code cannot occur', { exitCodes: { 0: 'done', 300: 'never_again' } }, /expected 0 to 255/],
  ])('%s', (_, change, sentence) => {
    const type = { ...economy, ...change };
    expect(brokenPromise(type)).toMatch(sentence);
    expect(() => checkJobTypes(defineJobTypes([type]))).toThrow(sentence);
  });
});

describe('a job type is taken', () => {
  test.each<[string, Partial<JobType>]>([
    [
      'when it has seconds on Lambda and hours on AWS Batch',
      {
        queue: 'standard',
        executor: 'lambda',
        onTimeout: 'batch',
        timeoutSeconds: { default: 5, max: 7200 },
        ...retrying({ maxAttemptsOf: { timeout: 2 } }),
      },
    ],
    ['when each figure is reached', sized({ vcpus: 0.25, memoryMiB: 512, growsToMiB: 1024 })],
    ['when its memory stops at a maximum between', sized({ vcpus: 1, memoryMiB: 2048, growsToMiB: 3072 })],
    ['when it leaves Spot with its last attempt', { standardAfterReclaims: 9 }],
    ['when it has one attempt for each class', retrying({ maxAttemptsOf: oneEach() })],
  ])('%s', (_, change) => {
    expect(brokenPromise({ ...economy, ...change })).toBeUndefined();
  });

  test.each([...jobTypes.values()])('$id of job-types.ts', (type) => {
    expect(brokenPromise(type)).toBeUndefined();
  });
});

function oneEach() {
  return Object.fromEntries(FailureClass.options.map((cls) => [cls, 1]));
}
