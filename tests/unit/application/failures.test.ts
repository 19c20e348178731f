/** What a failed job leaves for operators, when the table or the log does not answer. */
import { describe, expect, it } from '@jest/globals';
import { dispatch } from '../../../application/job/dispatch.ts';
import { dayOf } from '../../../domain/reading/failure-list.ts';
import { jobIn, NOW } from '../../support/jobs.ts';
import { useCases } from '../../support/use-cases.ts';

const failed = jobIn('failed', {
  finishedAt: NOW,
  endedAttempts: [{ attempt: 1, endedAt: NOW, logStream: 'worker/1' }],
});

async function opened() {
  const { ports, sent, caughtUp } = useCases();
  await ports.jobs.create(failed);
  const rows = async () => {
    await caughtUp();
    return (await ports.failures.page(dayOf(NOW), 10)).rows;
  };
  return { ports, sent, rows };
}

describe('a failed job', () => {
  it('keeps the last lines of its log, read once however often it is dispatched', async () => {
    const { ports, rows } = await opened();
    const asked: unknown[] = [];
    const logTail = async (...given: unknown[]) => {
      asked.push(given);
      return [`line ${asked.length}`];
    };
    await dispatch({ ...ports, logTail }, [failed]);
    expect(asked).toEqual([['worker/1', 20]]);
    await dispatch({ ...ports, logTail }, [failed]);
    expect(await rows()).toMatchObject([{ jobId: failed.jobId, tail: ['line 1'] }]);
  });

  it('is told to its tenant although its log cannot be read', async () => {
    const { ports, sent, rows } = await opened();
    const logTail = async () => {
      throw new Error('Rate exceeded');
    };
    expect(await dispatch({ ...ports, logTail }, [failed])).toEqual(new Set());
    expect(await rows()).toMatchObject([{ jobId: failed.jobId }]);
    expect(sent.events.taken).toHaveLength(1);
  });

  it('is published only when its row is there, and comes back otherwise', async () => {
    const { ports, sent } = await opened();
    const failures = {
      record: async () => {
        throw new Error('No answer');
      },
    };
    expect(await dispatch({ ...ports, failures }, [failed])).toEqual(new Set([failed]));
    expect(sent.letters.taken).toEqual([]);
    expect(sent.events.taken).toEqual([]);
  });

  it('leaves no second row once it is settled', async () => {
    const { ports, rows } = await opened();
    await dispatch(ports, [{ ...failed, settled: true }]);
    expect(await rows()).toEqual([]);
  });
});
