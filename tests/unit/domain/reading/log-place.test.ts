/** Where the lines of an attempt are, and which of them a person reads. */
import { describe, expect, it, test } from '@jest/globals';
import { functionRunId } from '../../../../domain/executor/executor.ts';
import { EndedAttempt } from '../../../../domain/job/job.ts';
import { isEndOfRun, placeOf, printedBy, requestOf } from '../../../../domain/reading/log-place.ts';
import { FIRST, NOW } from '../../../support/jobs.ts';

const ended = (change: object) => EndedAttempt.parse({ attempt: 1, endedAt: NOW + 9000, ...change });
const accepted = { createdAt: NOW - 600_000 };

describe('the log of an attempt', () => {
  it('of a container is the stream that AWS Batch has named', () => {
    expect(placeOf(ended({ runId: FIRST, logStream: 'csv/default/1' }), accepted)).toEqual({
      kind: 'stream',
      name: 'csv/default/1',
    });
    expect(placeOf(ended({ runId: FIRST }), accepted)).toBeUndefined();
  });

  it('of a run on Lambda is what names its request, from before its claim on, whatever stream is named', () => {
    const run = { runId: functionRunId(FIRST), logStream: 'another' };
    expect(placeOf(ended({ ...run, startedAt: NOW }), accepted)).toEqual({
      kind: 'request',
      requestId: FIRST,
      fromMs: NOW - 120_000,
    });
    expect(placeOf(ended(run), accepted)).toMatchObject({ fromMs: accepted.createdAt - 120_000 });
  });

  it('of an attempt that no run has claimed is none', () => {
    expect(requestOf({}, NOW)).toBeUndefined();
    expect(requestOf({ runId: FIRST }, NOW)).toBeUndefined();
  });
});

const json = (line: object) => JSON.stringify(line);
const report = (record: object) =>
  json({ time: '2026-01-05T09:00:00Z', type: 'platform.report', record: { requestId: FIRST, ...record } });

describe('a line of a run', () => {
  test.each<[string, string, string | undefined]>([
    ['that its program printed', json({ level: 'INFO', requestId: FIRST, message: 'page 3' }), 'page 3'],
    ['that is a value', json({ requestId: FIRST, message: { rows: 3 } }), '{"rows":3}'],
    ['of several lines', json({ requestId: FIRST, message: 'a\nb' }), 'a\nb'],
    ['that has no form', 'Segmentation fault', 'Segmentation fault'],
    ['that only begins like JSON', '{"requestId":', '{"requestId":'],
    [
      'that is JSON of the program itself',
      json({ message: 'x', service: 'worker' }),
      '{"message":"x","service":"worker"}',
    ],
    [
      'with which Lambda begins it',
      json({ type: 'platform.start', record: { requestId: FIRST } }),
      undefined,
    ],
    ['with which Lambda reports it', report({ status: 'success' }), undefined],
    ['with which Lambda reports it without a status', report({}), undefined],
    ['with which Lambda has ended it', report({ status: 'timeout' }), 'Lambda ended the run: timeout'],
  ])('%s', (_, line, shown) => {
    expect(printedBy(line)).toBe(shown);
  });

  it('is the last when Lambda reports the run', () => {
    expect([report({}), json({ message: 'platform.report' }), 'platform.report'].map(isEndOfRun)).toEqual([
      true,
      false,
      false,
    ]);
  });
});
