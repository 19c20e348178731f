/** What a message may say of the jobs that it waits for. */
import { expect, test } from '@jest/globals';
import { dependencyProblem, MAX_DEPENDENCIES } from '../../../../domain/dependency/dependency.ts';
import { newJob } from '../../../../domain/request/admission.ts';
import { parseRequest } from '../../../../domain/request/request.ts';
import { aRequest, JOB_ID, NOW } from '../../../support/jobs.ts';

const parsed = (change: object) => parseRequest(JSON.stringify({ ...aRequest(), ...change }));
const many = (count: number) => Array.from({ length: count }, (_, i) => ({ idempotencyKey: `key-${i}` }));

test.each([
  ['no list', { dependsOn: 'ingest-42' }, 'field_type', '/dependsOn'],
  ['an empty list', { dependsOn: [] }, 'field_invalid', '/dependsOn'],
  ['no name', { dependsOn: [{}] }, 'field_invalid', '/dependsOn/0'],
  ['two names', { dependsOn: [{ jobId: JOB_ID, idempotencyKey: 'a' }] }, 'field_invalid', '/dependsOn/0'],
  ['no id', { dependsOn: [{ jobId: 'job_1' }] }, 'field_invalid', '/dependsOn/0/jobId'],
  [
    'another condition',
    { dependsOn: [{ idempotencyKey: 'a', condition: 'done' }] },
    'field_invalid',
    '/dependsOn/0/condition',
  ],
  ['too many', { dependsOn: many(MAX_DEPENDENCIES + 1) }, 'dependency_too_many', '/dependsOn'],
  [
    'another policy',
    { dependsOn: many(1), onDependencyFailure: 'wait' },
    'field_invalid',
    '/onDependencyFailure',
  ],
  ['a policy alone', { onDependencyFailure: 'hold' }, 'field_invalid', '/onDependencyFailure'],
  ['a time alone', { dependencyTimeoutSeconds: 60 }, 'field_invalid', '/dependencyTimeoutSeconds'],
  [
    'a short time',
    { dependsOn: many(1), dependencyTimeoutSeconds: 59 },
    'field_invalid',
    '/dependencyTimeoutSeconds',
  ],
])('%s is refused at its place (M69)', (_, change, code, pointer) => {
  expect(parsed(change)).toMatchObject({ kind: 'refused', problem: { code, pointer } });
});

test('500 others are taken', () => {
  expect(parsed({ dependsOn: many(MAX_DEPENDENCIES) }).kind).toBe('submit');
});

test('a job that waits for itself, or for another one twice, is refused at the entry (M70)', () => {
  const a = { name: `job_${'a'.repeat(26)}`, condition: 'succeeded' } as const;
  const b = { name: `job_${'b'.repeat(26)}`, condition: 'succeeded' } as const;
  expect(dependencyProblem([a.name], [b, a])).toMatchObject({
    code: 'dependency_self',
    pointer: '/dependsOn/1',
  });
  expect(dependencyProblem([a.name], [b, { ...b, condition: 'finished' }])).toMatchObject({
    code: 'dependency_repeated',
    pointer: '/dependsOn/1',
  });
});

const identity = { jobId: JOB_ID, idempotencyKey: 'k', fingerprint: 'f' };
const recorded = (change: object) => newJob(aRequest({ dependsOn: many(2), ...change }), identity, NOW);

test('the record is blocked, for a week if the message names no time, and looked at again after a minute', () => {
  expect(recorded({})).toMatchObject({
    state: 'blocked',
    dependencyTimeoutAt: NOW + 7 * 86_400_000,
    dueAt: NOW + 70_000,
  });
  expect(recorded({ dependencyTimeoutSeconds: 60 })).toMatchObject({ dueAt: NOW + 60_000 });
});

test('the time to start counts from the release, and a start that is ahead is kept', () => {
  expect(recorded({ ttlSeconds: 5 }).startBy).toBeUndefined();
  expect(recorded({ delaySeconds: 500 })).toMatchObject({ state: 'blocked', eligibleAt: NOW + 500_000 });
});
