import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { JobsAccepted, JobsHeld } from '../../domain/metrics/catalogue.ts';
import { one } from '../../domain/metrics/metric.ts';
import { createLog, measuringLog } from '../../io/process/log.ts';
import { RowUnreadable } from '../../io/table/rows.ts';

/** Where Lambda takes its lines from. */
const sinks = [process.stdout, process.stderr];
let spies: ReturnType<typeof jest.spyOn>[];
let written: string[];
let broken: boolean;
beforeEach(() => {
  written = [];
  broken = false;
  spies = sinks.map((sink) =>
    jest.spyOn(sink, 'write').mockImplementation((line: unknown) => {
      if (broken) throw Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
      written.push(String(line));
      return true;
    }),
  );
});
afterEach(() => {
  for (const spy of spies) spy.mockRestore();
});

describe('a log line', () => {
  test('is one JSON object with the event and its facts', () => {
    createLog('intake').info('job:record:created', { jobId: 'job_1', tenantId: 'acme' });
    expect(written.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'INFO', service: 'intake', message: 'job:record:created', jobId: 'job_1', tenantId: 'acme' },
    ]);
  });

  test('has no field beside the known ones, whatever a caller passes', () => {
    const message = { messageId: '1', body: 'canary', headers: { authorization: 'canary' } };
    createLog('intake').info('message:refuse:done', message);
    createLog('intake').error('message:refuse:failed', message);
    expect(written).toHaveLength(2);
    for (const line of written) expect(JSON.parse(line)).toHaveProperty('messageId', '1');
    expect(written.join()).not.toContain('canary');
  });

  test('of an error has its name and not its message, which may quote what was sent', () => {
    createLog('intake').error('batch:handle:failed', { error: new TypeError('canary') });
    expect(written.join()).toContain('TypeError');
    expect(written.join()).not.toContain('canary');
  });

  test('of a row that cannot be read has the whole sentence, which quotes nothing (F90)', () => {
    const error = new RowUnreadable('TENANT#acme GATE', 'cap');
    createLog('tick').error('reconcile:item:failed', { error });
    expect(written.join()).toContain(
      'RowUnreadable: The row TENANT#acme GATE cannot be read by this version',
    );
  });

  test('that cannot be written stops nothing, and nothing is written in its place (F62)', () => {
    const log = createLog('intake');
    broken = true;
    expect(() => log.info('job:record:created', { jobId: 'job_1' })).not.toThrow();
    expect(() => log.error('batch:handle:failed', { error: new Error('canary') })).not.toThrow();
    broken = false;
    log.info('job:record:created', { jobId: 'job_2' });
    expect(written).toHaveLength(1);
  });
});

describe('the metrics of a function', () => {
  const log = () => measuringLog('intake', 'prod', { nowMs: () => 1 });

  test('are written at the end of an invocation, once, whatever the level of the log', () => {
    const measuring = log();
    measuring.info('job:record:created', { jobId: 'job_1' }, [one(JobsAccepted, { jobType: 'a' })]);
    measuring.error('message:handle:failed', {}, [one(JobsHeld)]);
    const before = written.length;
    measuring.flush();
    measuring.flush();
    expect(written.slice(before).map((line) => JSON.parse(line))).toMatchObject([
      { stage: 'prod', JobsAccepted: 1, JobsHeld: 1 },
    ]);
  });

  test('that cannot be written fail no invocation', () => {
    const measuring = log();
    measuring.count([one(JobsHeld)]);
    broken = true;
    expect(() => measuring.flush()).not.toThrow();
  });
});
