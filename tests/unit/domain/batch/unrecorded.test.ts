/** Which reports of a running container a stage may leave unrecorded: those on which nothing depends. */
import { describe, expect, test } from '@jest/globals';
import { mayStayUnrecorded } from '../../../../domain/batch/unrecorded.ts';
import type { JobChange, JobState } from '../../../../domain/job/job.ts';
import type { Observation } from '../../../../domain/job/lifecycle.ts';
import { FIRST, jobIn, NOW, SECOND } from '../../../support/jobs.ts';

const order = { tries: 0, rank: 5 };
const running: Observation = { kind: 'running', runId: FIRST, order };
const plain = { promisesResult: false };
const submitted = (change: JobChange = {}) => jobIn('submitted', { runId: FIRST, ...change });

test('that a container runs which knows nothing of Headgate', () => {
  expect(mayStayUnrecorded(submitted(), running, plain)).toBe(true);
});

describe('but not', () => {
  test.each<[string, JobChange, Observation]>([
    ['the run of a job that would expire, if it were not known that it runs', { startBy: NOW }, running],
    ['the run of a Batch job that the record does not know', { runId: undefined }, running],
    ['the run of another Batch job', { runId: SECOND }, running],
    [
      'the run of a job that was said to be stuck',
      { stuck: { reason: 'image', since: NOW, said: '' } },
      running,
    ],
    ['the run of a container whose log its tenant may read', {}, { ...running, logStream: 'work/default/1' }],
    ['the start of a container', {}, { kind: 'starting', runId: FIRST, order, startingAt: NOW }],
    ['an end', {}, { kind: 'ended_well', runId: FIRST, order, ended: { endedAt: NOW } }],
  ])('%s', (_, change, seen) => {
    expect(mayStayUnrecorded(submitted(change), seen, plain)).toBe(false);
  });

  test('the run of a container that has to prove what it is', () => {
    expect(mayStayUnrecorded(submitted(), running, { promisesResult: true })).toBe(false);
  });

  test.each<JobState>(['submitting', 'starting', 'cancelling'])('what moves a job that is %s', (state) => {
    expect(mayStayUnrecorded(jobIn(state, { runId: FIRST }), running, plain)).toBe(false);
  });
});
