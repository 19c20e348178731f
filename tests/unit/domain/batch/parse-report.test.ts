import { describe, expect, test } from '@jest/globals';
import { BatchJobStateChange, parseReport } from '../../../../domain/batch/report.ts';
import failed from '../../../fixtures/events/batch-job-failed.json' with { type: 'json' };
import runnable from '../../../fixtures/events/batch-job-runnable.json' with { type: 'json' };
import { FIRST, JOB_ID } from '../../../support/jobs.ts';

const seenIn = (event: object) => parseReport(BatchJobStateChange.parse(event));
const runnableWith = (change: object) => ({ ...runnable, detail: { ...runnable.detail, ...change } });

describe("an event of Batch's", () => {
  test('about a job that waits for capacity is a report of our attempt', () => {
    expect(seenIn(runnable)).toMatchObject({
      kind: 'report',
      report: {
        runId: FIRST,
        jobId: JOB_ID,
        attempt: 1,
        status: 'RUNNABLE',
        order: { tries: 0, rank: 1 },
        ended: false,
      },
    });
  });

  test('about a job that failed in its second try counts the tries and keeps what tells why', () => {
    expect(seenIn(failed)).toMatchObject({
      kind: 'report',
      report: {
        status: 'FAILED',
        order: { tries: 2, rank: 9 },
        ended: true,
        detail: {
          startedAt: 1767603812345,
          stoppedAt: 1767603870987,
          statusReason: 'Essential container in task exited',
          container: { exitCode: 1, logStreamName: 'medium/default/9f8e7d6c5b4a39281706f5e4d3c2b1a0' },
        },
      },
    });
  });

  test('with fields AWS added since is read all the same', () => {
    expect(seenIn(runnableWith({ container: { gpuModel: 'x' }, newField: {} })).kind).toBe('report');
  });

  test.each([
    ['without a job id (M44)', runnableWith({ jobId: undefined })],
    ['without a name', runnableWith({ jobName: undefined })],
    ['without a status (M44)', runnableWith({ status: undefined })],
    ['whose attempts are a number (M48)', runnableWith({ attempts: 2 })],
    ['without its detail', { ...runnable, detail: undefined }],
  ])('%s is a fault to look at, not one to ignore', (_, event) => {
    expect(BatchJobStateChange.safeParse(event).success).toBe(false);
  });

  test.each([
    ['of another source', { ...runnable, source: 'aws.ecs' }],
    ['of another type', { ...runnable, 'detail-type': 'Batch Service Job State Change' }],
  ])('%s is ignored', (_, event) => {
    expect(seenIn(event)).toEqual({ kind: 'ignored', why: 'not_batch' });
  });

  test('without attempts has none (M48)', () => {
    expect(seenIn(runnableWith({ attempts: undefined }))).toMatchObject({
      report: { order: { tries: 0, rank: 1 } },
    });
  });

  test.each([
    'nightly-report',
    JOB_ID,
    `hg-${JOB_ID}`,
    `hg-${JOB_ID}-`,
    `hg-${JOB_ID}-0`,
    `hg-${JOB_ID}-01`,
    `hg-${JOB_ID}-10000`,
    `hg-${JOB_ID}-1-1`,
    `xhg-${JOB_ID}-1`,
    `hg-${JOB_ID}-1\n`,
    `hg-${JOB_ID.toUpperCase()}-1`,
  ])('of a job called %j is not ours', (jobName) => {
    expect(seenIn(runnableWith({ jobName }))).toEqual({ kind: 'ignored', why: 'foreign_name' });
  });

  test('of an array child is none of an attempt: it has the name of its parent', () => {
    const child = { jobId: `${FIRST}:0`, arrayProperties: { index: 0 } };
    expect(seenIn(runnableWith(child))).toEqual({ kind: 'ignored', why: 'array_child' });
  });

  test.each(['PAUSED', 'succeeded', '', 'constructor'])(
    'with the status %j has none that counts',
    (status) => {
      const seen = seenIn(runnableWith({ status }));
      expect(seen).toMatchObject({ kind: 'report', report: { ended: false, order: { rank: 0 } } });
      expect(seen).not.toHaveProperty('report.status');
    },
  );
});
