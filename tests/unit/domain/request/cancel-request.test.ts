import { describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '../../../../domain/errors.ts';
import { parseRequest } from '../../../../domain/request/request.ts';
import { JOB_ID } from '../../../support/jobs.ts';

const asked = { specVersion: '1', action: 'job.cancel', tenantId: 'acme' };
const parse = (change: object) => parseRequest(JSON.stringify({ ...asked, ...change }));

describe('a request to cancel', () => {
  test.each([{ jobId: JOB_ID }, { idempotencyKey: 'report-42' }])('names its job: %j', (name) => {
    expect(parse(name)).toEqual({ kind: 'cancel', cancel: { ...asked, ...name } });
  });

  test.each<[string, object, ErrorCode, string]>([
    ['names none', {}, 'field_invalid', '/jobId'],
    ['names it twice', { jobId: JOB_ID, idempotencyKey: 'k' }, 'field_invalid', '/jobId'],
    ['names none of ours', { jobId: 'job_canary' }, 'field_invalid', '/jobId'],
    ['has no tenant', { tenantId: undefined, jobId: JOB_ID }, 'field_missing', '/tenantId'],
    ['has an input', { jobId: JOB_ID, input: { a: 'canary' } }, 'field_unknown', '/input'],
    ['is of another version', { specVersion: '2', jobId: JOB_ID }, 'unsupported_version', '/specVersion'],
  ])('is refused when it %s', (_, change, code, pointer) => {
    const parsed = parse(change);
    expect(parsed).toMatchObject({ kind: 'refused', problem: { code, pointer } });
    expect(JSON.stringify(parsed)).not.toContain('canary');
  });
});
