/** What the console says of a job, and the line that it draws of its life. */
import { describe, expect, it } from '@jest/globals';
import type { Job } from '../../../console/api/schema.ts';
import { lifeOf } from '../../../console/jobs/life.ts';
import { sentenceOf } from '../../../console/jobs/sentence.ts';

const at = (second: number) => new Date(second * 1000).toISOString();
const job = (fields: Partial<Job>): Job => ({
  id: 'job_a',
  tenantId: 'acme',
  jobType: 'csv.summarise',
  idempotencyKey: 'a',
  state: 'waiting',
  version: 1,
  attempt: 1,
  priority: 'normal',
  createdAt: at(0),
  stateAt: at(0),
  attempts: [],
  ...fields,
});
const failure = { class: 'spot_reclaimed', code: 'spot_reclaimed', message: 'The Spot task was reclaimed' };
const said = (fields: Partial<Job>, wait?: string) => {
  const known =
    wait === undefined ? undefined : { jobId: 'job_a', state: 'waiting', waitsFor: 'slot', text: wait };
  const { lead, rest } = sentenceOf(job(fields), known, 60_000);
  return lead + rest;
};

describe('the sentence of a job', () => {
  it.each<[Partial<Job>, string | undefined, string]>([
    [
      {},
      'the cap of 2 is reached, 3 jobs come before',
      'Waits: the cap of 2 is reached, 3 jobs come before.',
    ],
    [{ state: 'submitted' }, 'AWS Batch starts it', 'Waits in AWS Batch: AWS Batch starts it.'],
    [
      { state: 'running', startedAt: at(18), progress: { done: 2, total: 3, at: at(30) } },
      undefined,
      'Runs for 42 s, 2 of 3 done.',
    ],
    [{ state: 'running', startedAt: at(18) }, undefined, 'Runs for 42 s; it has not told how far it is.'],
    [
      { state: 'retrying', nextAttemptAt: at(82), attempts: [{ attempt: 1, endedAt: at(50), failure }] },
      undefined,
      'Waits for attempt 2, in 22 s. The one before ended: The Spot task was reclaimed.',
    ],
    [
      { state: 'succeeded', startedAt: at(10), finishedAt: at(12), attempt: 2 },
      undefined,
      'Succeeded after 2.0 s on attempt 2.',
    ],
    [{ state: 'failed', failure }, undefined, 'Failed: The Spot task was reclaimed.'],
    [{ state: 'cancelled' }, undefined, 'Cancelled before it began.'],
    [{ state: 'a later one' }, undefined, 'Is a later one.'],
  ])('of %j', (fields, wait, sentence) => expect(said(fields, wait)).toBe(sentence));
});

describe('the life of a job', () => {
  const life = (fields: Partial<Job>) =>
    lifeOf(job(fields), undefined, 100_000).map(
      ({ kind, fromMs, toMs }) => `${kind} ${fromMs / 1000}-${toMs / 1000}`,
    );

  it('has the attempts that ended, the time between them, and what is now', () => {
    const attempts = [{ attempt: 1, startedAt: at(10), endedAt: at(40), failure }];
    expect(life({ state: 'retrying', stateAt: at(40), attempts })).toEqual([
      'before 0-10',
      'bad 10-40',
      'wait 40-100',
    ]);
  });

  it('ends with the job', () => {
    expect(life({ state: 'succeeded', startedAt: at(20), finishedAt: at(60), attempts: [] })).toEqual([
      'before 0-20',
      'run 20-60',
    ]);
  });

  it('has no stretch that ends before it begins, also when clocks differ', () => {
    const attempts = [{ attempt: 1, startedAt: at(5), endedAt: at(3), failure }];
    const stretches = lifeOf(job({ state: 'failed', stateAt: at(4), attempts }), undefined, 100_000);
    expect(stretches.every(({ fromMs, toMs }) => toMs > fromMs)).toBe(true);
  });
});
