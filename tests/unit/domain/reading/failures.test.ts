/** The rows of failed jobs: what they keep of a log, which failures are alike, and how a list goes on. */
import { describe, expect, it, test } from '@jest/globals';
import type { JobChange } from '../../../../domain/job/job.ts';
import {
  daysOf,
  failureCursorOf,
  failurePlaceIn,
  groupsOf,
} from '../../../../domain/reading/failure-list.ts';
import { failureRowOf, tellingLogOf } from '../../../../domain/reading/failure-row.ts';
import { withoutSecrets } from '../../../../domain/redaction.ts';
import { bytesOf } from '../../../../domain/size.ts';
import { jobIn, NOW } from '../../../support/jobs.ts';

const failure = {
  class: 'app_error',
  code: 'exit_code',
  message: 'The container ended with exit code 3.',
} as const;
const failed = (change: JobChange = {}) => jobIn('failed', { failure, finishedAt: NOW, ...change });

describe('the last lines of a log', () => {
  it('are the newest, at most twenty, without the space at their ends', () => {
    const lines = Array.from({ length: 30 }, (_, i) => `line ${i} \r`);
    expect(failureRowOf(failed(), lines).tail).toEqual(lines.slice(10).map((line) => line.trimEnd()));
  });

  it('have at most two kilobytes together, and the newest stay', () => {
    const { tail = [] } = failureRowOf(failed(), [...Array(19).fill('é'.repeat(300)), 'the cause']);
    expect(tail.at(-1)).toBe('the cause');
    expect(bytesOf(tail.join(''))).toBeLessThanOrEqual(2048);
    expect(tail).toHaveLength(4);
  });

  it('keep the beginning of a line that is a dump', () => {
    const { tail = [] } = failureRowOf(failed(), ['before', 'x '.repeat(50_000)]);
    expect(tail).toEqual(['before', 'x '.repeat(200)]);
  });

  it('are absent where there is no log', () => {
    expect(failureRowOf(failed(), [])).not.toHaveProperty('tail');
  });

  test.each<[string, JobChange['endedAttempts'], string | undefined]>([
    [
      'of the last attempt',
      [
        { attempt: 1, endedAt: NOW, logStream: 'a' },
        { attempt: 2, endedAt: NOW, logStream: 'b' },
      ],
      'b',
    ],
    [
      'of the one before, when the last has none',
      [
        { attempt: 1, endedAt: NOW, logStream: 'a' },
        { attempt: 2, endedAt: NOW },
      ],
      'a',
    ],
    [
      'of no sandbox, which many tenants share',
      [{ attempt: 1, runId: 'lambda:x', endedAt: NOW, logStream: 'a' }],
      undefined,
    ],
    ['of nothing, when no attempt ended', [], undefined],
  ])('are %s', (_, endedAttempts, stream) => {
    expect(tellingLogOf(failed({ endedAttempts }))).toBe(stream);
  });
});

describe('what looks like a secret', () => {
  test.each([
    [
      'a password in an address',
      'dial postgres://user:hunter2@db:5432/x',
      'dial postgres://[removed]@db:5432/x',
    ],
    ['a password by its name', 'PGPASSWORD=hunter2 psql', 'PGPASSWORD=[removed] psql'],
    ['a field of JSON', '{"api_key": "abc", "rows": 3}', '{"api_key": "[removed]", "rows": 3}'],
    ['a header', 'authorization: Bearer abc.def', 'authorization: [removed]'],
    ['a bearer token', 'sent Bearer abcdefgh1234', 'sent Bearer [removed]'],
    ['a signature in a query', 'GET /o?X-Amz-Signature=0a1b&x=1', 'GET /o?X-Amz-Signature=[removed]&x=1'],
    ['a key of AWS', 'id AKIAIOSFODNN7EXAMPLE used', 'id [removed] used'],
    ['a JWT', 'got eyJhbGciOiJIUzI1.eyJzdWIi.c2ln', 'got [removed]'],
    ['a key of ours', 'with hgk_abcdefgh_seed', 'with [removed]'],
    ['a line of a private key', `${'Ab1/'.repeat(16)}`, '[removed]'],
  ])('%s is removed', (_, line, told) => {
    expect(withoutSecrets(line)).toBe(told);
  });

  test.each([
    ['a stack frame', '    at Object.<anonymous> (/app/handlers/csv.ts:12:34)'],
    ['a hash', `sha256 ${'0a1b2c3d'.repeat(8)}`],
    ['a word that sounds like one', 'the tokenizer of secretary.ts failed: 3 tokens left'],
  ])('%s stays', (_, line) => {
    expect(withoutSecrets(line)).toBe(line);
  });
});

describe('groups', () => {
  const row = (id: string, at: number, change: JobChange = {}) =>
    failureRowOf(failed({ jobId: `job_${id.repeat(26)}`, finishedAt: at, ...change }), []);

  it('have the failures of one type, class and code, of whichever tenant, the largest first', () => {
    const rows = [
      row('a', NOW + 3, { tenantId: 'globex' }),
      row('b', NOW + 2, { failure: { ...failure, code: 'try_later' } }),
      row('c', NOW + 1),
      row('d', NOW, { failure: { ...failure, message: 'Another sentence.' } }),
    ];
    expect(groupsOf(rows)).toMatchObject([
      { code: 'exit_code', count: 3, tenants: 2, firstAt: NOW, lastAt: NOW + 3, newest: rows[0] },
      { code: 'try_later', count: 1 },
    ]);
  });
});

describe('a list of failures', () => {
  const filter = { code: 'exit_code', sinceMs: 0, untilMs: NOW };
  const place = { failedAt: NOW, jobId: `job_${'a'.repeat(26)}` };

  it('goes on behind the place of its cursor, and not with another filter', () => {
    const cursor = failureCursorOf(place, filter);
    expect(failurePlaceIn(cursor, { ...filter, untilMs: NOW + 5 })).toEqual(place);
    expect(failurePlaceIn(cursor, { ...filter, code: 'timed_out' })).toBeUndefined();
    expect(failurePlaceIn('e30', filter)).toBeUndefined();
    expect(failurePlaceIn('%', filter)).toBeUndefined();
  });

  it('reads each UTC day between its times once, the newest first', () => {
    const at = (text: string) => Date.parse(text);
    expect(daysOf(at('2026-11-29T23:59:59.999Z'), at('2026-12-01T00:00:00.001Z'))).toEqual([
      '2026-12-01',
      '2026-11-30',
      '2026-11-29',
    ]);
    expect(daysOf(at('2026-11-30T00:00:00Z'), at('2026-12-01T00:00:00Z'))).toEqual(['2026-11-30']);
  });
});
