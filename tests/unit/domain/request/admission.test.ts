import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { requestOf } from '../../../../domain/dead-letter/dead-letter.ts';
import type { ErrorCode } from '../../../../domain/errors.ts';
import { JobRecord, priorityOf } from '../../../../domain/job/job.ts';
import type { JobType } from '../../../../domain/job/job-type.ts';
import { defineJobTypes } from '../../../../domain/job/registry.ts';
import { admit, foreignObject, newJob } from '../../../../domain/request/admission.ts';
import type { JobRequest } from '../../../../domain/request/request.ts';
import { policyOf, type TenantDefaults } from '../../../../domain/tenant/policy.ts';
import type { Tenant } from '../../../../domain/tenant/tenant.ts';
import { aRequest, BUCKET, JOB_ID, types as knownTypes, NOW, reportType } from '../../../support/jobs.ts';

const active: Tenant = { tenantId: 'acme', status: 'active' };
const onPlan: Tenant = { ...active, jobTypes: ['anything.goes'] };
const suspended: Tenant = { tenantId: 'acme', status: 'suspended' };
const OWN = `s3://${BUCKET}/tenants/acme`;
const FOREIGN = `s3://${BUCKET}/tenants/globex/secret.csv`;

/** An image that knows nothing of Headgate gets its input on the command line. */
const plainType: JobType = {
  ...reportType,
  id: 'plain.image',
  input: z.object({ word: z.string() }),
  parameters: (input) => ({ word: z.object({ word: z.string() }).parse(input).word }),
};
const types = defineJobTypes([...knownTypes.values(), plainType]);
const defaults: TenantDefaults = {
  admitUnknown: false,
  cap: 0,
  waitingQuota: 100,
  priorityCeiling: 'high',
  abovePriorityCeiling: 'clamp',
};
const admitted = (
  request: JobRequest,
  tenant: Tenant | undefined,
  waiting = 0,
  change: Partial<TenantDefaults> = {},
) =>
  admit(request, {
    policy: policyOf(tenant, { ...defaults, ...change }),
    waiting,
    types,
    bucket: BUCKET,
    objectDays: 30,
    nowMs: NOW,
  });
const judged = (request: JobRequest, tenant: Tenant | undefined = active) => admitted(request, tenant);
const iso = (ms: number) => new Date(ms).toISOString();
const DAY_MS = 86_400_000;

const anything = (input: JobRequest['input'], rest: Partial<JobRequest> = {}) =>
  aRequest({ jobType: 'anything.goes', input, ...rest });

describe('who may start what', () => {
  test.each<[string, JobRequest, Tenant | undefined, ErrorCode, string]>([
    ['an unknown tenant', aRequest(), undefined, 'tenant_unknown', '/tenantId'],
    ['a suspended tenant', aRequest(), suspended, 'tenant_suspended', '/tenantId'],
    ['an unknown job type', aRequest({ jobType: 'rm.rf' }), active, 'job_type_unknown', '/jobType'],
    [
      'a job type named like a method',
      aRequest({ jobType: 'constructor' }),
      active,
      'job_type_unknown',
      '/jobType',
    ],
    [
      'a timeout over the type',
      aRequest({ timeoutSeconds: 901 }),
      active,
      'field_invalid',
      '/timeoutSeconds',
    ],
    [
      'an input field of a wrong kind',
      aRequest({ input: { title: 7 } }),
      active,
      'input_invalid',
      '/input/title',
    ],
    [
      'a title too long',
      aRequest({ input: { title: 'x'.repeat(81) } }),
      active,
      'input_invalid',
      '/input/title',
    ],
    [
      'a choice that is none',
      aRequest({ input: { format: 'canary' } }),
      active,
      'input_invalid',
      '/input/format',
    ],
    ['a job type outside the plan', aRequest(), onPlan, 'job_type_forbidden', '/jobType'],
    ['a start in 1970', aRequest({ runAt: iso(0) }), active, 'time_range', '/runAt'],
    ['a start 31 days ago', aRequest({ runAt: iso(NOW - 31 * DAY_MS) }), active, 'time_range', '/runAt'],
    ['a start in two years', aRequest({ runAt: iso(NOW + 730 * DAY_MS) }), active, 'time_range', '/runAt'],
    [
      'a deadline before its delay is over (M96)',
      aRequest({ delaySeconds: 7200, deadlineSeconds: 3600 }),
      active,
      'time_range',
      '/deadlineSeconds',
    ],
    [
      'a deadline at the moment at which it may begin (M96)',
      aRequest({ delaySeconds: 3600, deadlineSeconds: 3600 }),
      active,
      'time_range',
      '/deadlineSeconds',
    ],
    [
      'a deadline before its runAt (M96)',
      aRequest({ runAt: iso(NOW + 2 * DAY_MS), deadlineSeconds: 86_400 }),
      active,
      'time_range',
      '/deadlineSeconds',
    ],
    [
      'a start in 300 days with an object that is deleted after 30 (M97)',
      anything({ csv: `s3://${BUCKET}/tenants/acme/a.csv` }, { runAt: iso(NOW + 300 * DAY_MS) }),
      active,
      'time_range',
      '/runAt',
    ],
    [
      'a delay of 31 days with an input behind a reference (M97)',
      anything(undefined, { inputRef: `s3://${BUCKET}/tenants/acme/a.json`, delaySeconds: 31 * 86_400 }),
      active,
      'time_range',
      '/delaySeconds',
    ],
    [
      'too long a command line (M28)',
      aRequest({ jobType: 'plain.image', input: { word: 'x'.repeat(6000) } }),
      active,
      'parameters_too_large',
      '/input',
    ],
    [
      'a reference where the input goes on the command line',
      aRequest({ jobType: 'plain.image', input: undefined, inputRef: `${OWN}/a` }),
      active,
      'field_forbidden',
      '/inputRef',
    ],
    [
      'an unknown input field',
      aRequest({ input: { colour: 'canary' } }),
      active,
      'input_invalid',
      '/input/colour',
    ],
    [
      'a fault deep inside',
      aRequest({ input: { pages: [{ rows: [] }, { rows: [1, 'canary'] }] } }),
      active,
      'input_invalid',
      '/input/pages/1/rows/1',
    ],
  ])('%s is refused', (_, request, tenant, code, pointer) => {
    const admission = admitted(request, tenant);
    expect(admission).toMatchObject({ kind: 'refused', problem: { code, pointer } });
    expect(JSON.stringify(admission)).not.toContain('canary');
  });

  test.each<[string, JobRequest]>([
    ['the least', aRequest()],
    [
      'a start that has passed, as in a dead letter that came back',
      aRequest({ runAt: iso(NOW - 29 * DAY_MS) }),
    ],
    ['a start in a year', aRequest({ runAt: iso(NOW + 365 * DAY_MS) })],
    [
      'a start in 29 days with an object',
      aRequest({
        input: { source: `s3://${BUCKET}/tenants/acme/a.csv` },
        runAt: iso(NOW + 29 * DAY_MS),
      }),
    ],
    ['a deadline a minute after its delay', aRequest({ delaySeconds: 3600, deadlineSeconds: 3660 })],
    [
      'a deadline that is shorter than a runAt which has passed',
      aRequest({ runAt: iso(NOW - DAY_MS), deadlineSeconds: 60 }),
    ],
    ['the longest timeout of the type', aRequest({ timeoutSeconds: 900 })],
    ["an object of the tenant's own", aRequest({ input: { source: `${OWN}/in/a.csv` } })],
    [
      'an input behind inputRef, which the worker checks',
      aRequest({ input: undefined, inputRef: `${OWN}/in.json` }),
    ],
  ])('%s is admitted', (_, request) => {
    expect(judged(request)).toEqual({ kind: 'admitted', type: reportType });
  });
});

describe('an s3:// address must lie in the folder of the tenant, wherever it stands', () => {
  test.each<[string, JobRequest, string]>([
    ["another tenant's folder", anything({ csv: FOREIGN }), '/input/csv'],
    ['another bucket', anything({ csv: 's3://elsewhere/tenants/acme/a' }), '/input/csv'],
    [
      'a bucket whose name only begins like ours',
      anything({ csv: `s3://${BUCKET}x/tenants/acme/a` }),
      '/input/csv',
    ],
    ['a tenant whose name only begins like ours', anything({ csv: `${OWN}-2/a` }), '/input/csv'],
    ['a way up', anything({ csv: `${OWN}/../globex/a` }), '/input/csv'],
    ['a way up at the end', anything({ csv: `${OWN}/a/..` }), '/input/csv'],
    ['the bucket itself', anything({ csv: `s3://${BUCKET}/` }), '/input/csv'],
    ['the folder itself', anything({ csv: `${OWN}/` }), '/input/csv'],
    ['deep inside', anything({ a: [1, { 'b/c': [null, { d: FOREIGN }] }] }), '/input/a/1/b~1c/1/d'],
    ['inputRef', aRequest({ input: undefined, inputRef: FOREIGN }), '/inputRef'],
  ])('%s', (_, request, pointer) => {
    expect(judged(request)).toMatchObject({
      kind: 'refused',
      problem: { code: 'input_uri_forbidden', pointer },
    });
  });

  test.each([
    ['the scheme in capitals', { csv: FOREIGN.replace('s3:', 'S3:') }],
    ['a space before it', { csv: ` ${FOREIGN}` }],
    ['the name of a field', { [FOREIGN]: 'csv' }],
  ])('%s is no way round', (_, input) => {
    expect(foreignObject(anything(input), BUCKET)?.code).toBe('input_uri_forbidden');
  });

  test('two dots inside a name are only a name', () => {
    expect(foreignObject(anything({ csv: `${OWN}/a..b/...csv` }), BUCKET)).toBeUndefined();
  });
});

describe('the new record', () => {
  const identity = { jobId: JOB_ID, idempotencyKey: 'message-id', fingerprint: 'f'.repeat(26) };

  test('waits, has what was asked, and is looked after from the first moment', () => {
    const request = aRequest({ timeoutSeconds: 120, metadata: { order: 7 }, tags: { team: 'a' } });
    const job = newJob(request, identity, NOW);
    expect(JobRecord.parse(job)).toEqual(job);
    expect(job).toMatchObject({
      ...identity,
      state: 'waiting',
      version: 1,
      stateVersion: 1,
      attempt: 1,
      calls: 0,
      timeoutSeconds: 120,
      metadata: { order: 7 },
      tags: { team: 'a' },
      createdAt: NOW,
      stateAt: NOW,
    });
    expect(job.dueAt).toBeGreaterThan(NOW);
  });

  test('carries the key it was recorded under, given or not (M18)', () => {
    expect(newJob(aRequest(), identity, NOW).idempotencyKey).toBe('message-id');
    expect(newJob(aRequest({ idempotencyKey: 'other' }), identity, NOW).idempotencyKey).toBe('message-id');
  });

  test.each<[string, Partial<JobRequest>, object]>([
    [
      'runAt ahead',
      { runAt: iso(NOW + 5000) },
      { state: 'scheduled', eligibleAt: NOW + 5000, dueAt: NOW + 5000 },
    ],
    [
      'runAt with a zone',
      { runAt: '2026-01-05T10:00:05+01:00' },
      { state: 'scheduled', eligibleAt: NOW + 5000 },
    ],
    ['runAt passed', { runAt: iso(NOW - 5000) }, { state: 'waiting' }],
    ['delaySeconds', { delaySeconds: 5 }, { state: 'scheduled', eligibleAt: NOW + 5000 }],
    ['no delay', { delaySeconds: 0 }, { state: 'waiting' }],
    ['ttlSeconds', { ttlSeconds: 5 }, { state: 'waiting', startBy: NOW + 5000, dueAt: NOW + 5000 }],
    ['ttlSeconds after a delay', { ttlSeconds: 5, delaySeconds: 60 }, { startBy: NOW + 65_000 }],
    [
      'deadlineSeconds after a delay',
      { deadlineSeconds: 60, delaySeconds: 30 },
      { deadlineAt: NOW + 60_000 },
    ],
  ])('counts its times as they were asked: %s', (_, change, expected) => {
    const job = newJob(aRequest(change), identity, NOW);
    expect(job).toMatchObject(expected);
    expect(JobRecord.parse(job)).toEqual(job);
  });
});

test('a registry with one id twice does not start', () => {
  expect(() => defineJobTypes([reportType, { ...reportType, summary: 'again' }])).toThrow(/same id/);
});

describe('what the stage and the tenant allow', () => {
  const refused = (code: ErrorCode, pointer: string) => ({ kind: 'refused', problem: { code, pointer } });

  test('a tenant without a record may start jobs only where the stage says so', () => {
    expect(admitted(aRequest(), undefined, 0, { admitUnknown: true }).kind).toBe('admitted');
    expect(admitted(aRequest(), undefined)).toMatchObject(refused('tenant_unknown', '/tenantId'));
  });

  test('a job more urgent than the ceiling gets the ceiling, or is refused where that is the rule', () => {
    const urgent = aRequest({ priority: 'urgent' });
    expect(admitted(urgent, active)).toMatchObject({ kind: 'admitted', clampedPriority: 'high' });
    expect(admitted(urgent, { ...active, abovePriorityCeiling: 'refuse' })).toMatchObject(
      refused('priority_too_high', '/priority'),
    );
    expect(admitted(urgent, { ...active, priorityCeiling: 'urgent' })).not.toHaveProperty('clampedPriority');
  });

  test('a job without a priority is never refused for one, even under a ceiling of low', () => {
    const tenant = { ...active, priorityCeiling: 'low', abovePriorityCeiling: 'refuse' } as const;
    expect(admitted(aRequest(), tenant)).toMatchObject({ kind: 'admitted', clampedPriority: 'low' });
  });

  test('the job after the last that may wait is refused, whatever else it asks for', () => {
    expect(admitted(aRequest(), active, 99).kind).toBe('admitted');
    expect(admitted(aRequest(), active, 100)).toMatchObject(refused('quota_waiting', '/tenantId'));
    expect(admitted(aRequest(), { ...active, waitingQuota: 101 }, 100).kind).toBe('admitted');
  });

  test('the record keeps the priority that was asked for, so that its dead letter is the same request', () => {
    const request = aRequest({ priority: 'urgent' });
    const identity = { jobId: JOB_ID, idempotencyKey: 'k', fingerprint: 'f' };
    const job = newJob(request, identity, NOW, 'high');
    expect(requestOf(job)).toEqual({ ...request, idempotencyKey: 'k' });
    expect(priorityOf(job)).toBe('high');
  });
});
