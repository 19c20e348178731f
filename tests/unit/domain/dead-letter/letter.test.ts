/** What a dead letter says, which ones a filter means, and which failed jobs may be discarded. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { failedJob, refusedMessage } from '../../../../domain/dead-letter/dead-letter.ts';
import {
  countsBy,
  discarding,
  type Filter,
  filterSchema,
  type Letter,
  matches,
  readLetter,
} from '../../../../domain/dead-letter/letter.ts';
import { problem } from '../../../../domain/errors.ts';
import { JobState } from '../../../../domain/job/job.ts';
import { JOB_ID, jobIn, NOW } from '../../../support/jobs.ts';

const MESSAGE_ID = '0b1c6f0e-1111-4222-8333-444455556666';
const SENT_AT = NOW - 60_000;
const stored = (body: string, attributes: Record<string, string> = {}) =>
  readLetter({ messageId: MESSAGE_ID, body, attributes, sentAtMs: SENT_AT });

describe('a dead letter tells', () => {
  it('a failed job by its job id, its class and when it failed last', () => {
    const { body, attributes } = failedJob(jobIn('failed'));
    expect(stored(body, { ...attributes })).toEqual({
      kind: 'failed',
      id: JOB_ID,
      messageId: MESSAGE_ID,
      atMs: NOW,
      code: 'exit_code',
      class: 'app_error',
      reason: 'The container ended badly.',
      tenant: 'acme',
      type: 'report.render',
    });
  });

  it('a refused message by the id under which the service sent it', () => {
    const why = problem('tenant_unknown', '/tenantId', 'No tenant has this id.');
    const { body, attributes } = refusedMessage(
      { id: 'first-id', body: '{"tenantId":"acme"}', attributes: {} },
      why,
      NOW,
    );
    expect(stored(body, { ...attributes })).toMatchObject({
      kind: 'refused',
      id: 'first-id',
      messageId: MESSAGE_ID,
      atMs: NOW,
      code: 'tenant_unknown',
      class: undefined,
      tenant: 'acme',
      type: undefined,
    });
  });

  it('a message that SQS moved by its own id, with the attributes of a stranger', () => {
    expect(
      stored('{"jobType":"csv.summarise"}', { code: 'red', deadLetterOf: 'nothing of ours' }),
    ).toMatchObject({
      kind: 'moved',
      id: MESSAGE_ID,
      atMs: SENT_AT,
      code: 'too_many_receives',
      type: 'csv.summarise',
    });
  });

  it.each([
    ['text', 'not json {'],
    ['null', 'null'],
    ['a list', '[1]'],
    ['a tenant that is no tenant id', '{"tenantId":"A\\u001b[2J","jobType":7}'],
  ])('no tenant and no type from a body that is %s', (_, body) => {
    expect(stored(body)).toMatchObject({ tenant: undefined, type: undefined });
  });

  test('something, whatever the body and the attributes are', () => {
    const attributes = fc.dictionary(
      fc.constantFrom('code', 'class', 'reason', 'messageId', 'refusedAt', 'lastFailureAt', 'deadLetterOf'),
      fc.oneof(fc.string(), fc.constant(JOB_ID)),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), attributes, (body, some) => {
        const letter = stored(body, some);
        expect(Number.isFinite(letter.atMs)).toBe(true);
        expect(matches(letter, {})).toBe(true);
        expect(matches(letter, { id: letter.id })).toBe(true);
        expect(matches(letter, { id: MESSAGE_ID })).toBe(true);
      }),
    );
  });
});

describe('a filter', () => {
  const typed = (given: object) => filterSchema(NOW).safeParse(given);

  it.each([
    ['30m', NOW - 30 * 60_000],
    ['2h', NOW - 2 * 3_600_000],
    ['7d', NOW - 7 * 86_400_000],
    ['2026-01-04', Date.UTC(2026, 0, 4)],
    ['2026-01-04T10:00:00Z', Date.UTC(2026, 0, 4, 10)],
    ['2026-01-04T10:00:00+02:00', Date.UTC(2026, 0, 4, 8)],
  ])('takes --since %s', (since, atMs) => {
    expect(typed({ since }).data?.since).toBe(atMs);
  });

  it.each([
    ['a duration without a unit', { since: '30' }, 'since'],
    ['a unit that could be months or minutes', { since: '30M' }, 'since'],
    ['a time without its zone', { since: '2026-01-04T10:00:00' }, 'since'],
    ['a day that does not exist', { since: '2026-02-30' }, 'since'],
    ['a class that is none', { class: 'SPOT' }, 'class'],
    ['a tenant that is none', { tenant: 'Acme Inc.' }, 'tenant'],
  ])('refuses %s', (_, given, field) => {
    expect(typed(given).error?.issues).toMatchObject([{ path: [field] }]);
  });

  it('refuses a field it does not know', () => {
    expect(typed({ tennant: 'acme' }).success).toBe(false);
  });

  const letter: Letter = {
    kind: 'failed',
    id: JOB_ID,
    messageId: MESSAGE_ID,
    atMs: NOW,
    code: 'exit_code',
    reason: 'It ended badly.',
    class: 'app_error',
    tenant: 'acme',
    type: 'report.render',
  };
  const hits: Filter = {
    id: JOB_ID,
    tenant: 'acme',
    type: 'report.render',
    class: 'app_error',
    code: 'exit_code',
    since: NOW,
  };
  const misses: Filter = {
    id: 'other',
    tenant: 'globex',
    type: 'csv.summarise',
    class: 'timeout',
    code: 'oom',
    since: NOW + 1,
  };

  test('means a letter exactly when each of its fields does', () => {
    const fields = Object.keys(hits) as (keyof Filter)[];
    const each = fc.record(
      Object.fromEntries(fields.map((field) => [field, fc.constantFrom('hit', 'miss', 'absent')])),
    );
    fc.assert(
      fc.property(each, (choice) => {
        const filter = Object.fromEntries(
          fields
            .filter((field) => choice[field] !== 'absent')
            .map((field) => [field, choice[field] === 'hit' ? hits[field] : misses[field]]),
        );
        expect(matches(letter, filter)).toBe(!Object.values(choice).includes('miss'));
      }),
    );
  });

  test('on a field leaves out letters that do not have it', () => {
    const bare: Letter = { ...letter, tenant: undefined, class: undefined };
    expect(matches(bare, { tenant: 'acme' })).toBe(false);
    expect(matches(bare, { class: 'app_error' })).toBe(false);
  });

  test('groups count the most frequent first, and what lacks the field under a dash', () => {
    const of = (tenant: string | undefined) => ({ ...letter, tenant });
    expect(countsBy(['b', 'a', undefined, 'b', 'a', 'b'].map(of), 'tenant')).toEqual([
      ['b', 3],
      ['a', 2],
      ['-', 1],
    ]);
  });
});

describe('a job may be discarded', () => {
  it('when it failed; the record says why and when', () => {
    const job = jobIn('failed');
    expect(discarding(job, 'test data', NOW + 5)).toEqual({
      kind: 'discard',
      job: { ...job, version: job.version + 1, discarded: { reason: 'test data', at: NOW + 5 } },
    });
  });

  it.each(JobState.options.filter((state) => state !== 'failed'))('not while it is %s', (state) => {
    expect(discarding(jobIn(state), 'x', NOW)).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining(state),
    });
  });

  it('not when it was redriven, since its child lives on', () => {
    const job = jobIn('failed', { redrivenAs: 'job_child' });
    expect(discarding(job, 'x', NOW)).toMatchObject({
      kind: 'refused',
      why: expect.stringContaining('job_child'),
    });
  });

  it('once: the second time keeps the first reason', () => {
    const job = jobIn('failed', { discarded: { reason: 'first', at: NOW } });
    expect(discarding(job, 'second', NOW + 1)).toEqual({ kind: 'discarded_before' });
  });
});
