/** Discarding marks the failed job that the letter is of, and no other that it only names. */
import { expect, test } from '@jest/globals';
import { discard } from '../../../../application/dead-letter/discard.ts';
import { failedJob } from '../../../../domain/dead-letter/dead-letter.ts';
import { readLetter } from '../../../../domain/dead-letter/letter.ts';
import { openSimulatedBackend } from '../../../conformance/simulated.ts';
import { JOB_ID, jobIn, NOW } from '../../../support/jobs.ts';

const job = jobIn('failed');
const { body, attributes } = failedJob(job);

async function discarded(letterBody: string) {
  const { jobs, dependants, queue } = openSimulatedBackend({}).process();
  await jobs.create(job);
  const stored = { messageId: 'letter-1', body: letterBody, attributes, sentAtMs: NOW };
  const removed: string[] = [];
  const outcome = await discard(
    { remove: async ({ letter }) => void removed.push(letter.messageId) },
    { letter: readLetter(stored), stored, message: {} },
    'the tenant gave up',
    async () => ({ jobs, dependants, submitQueue: queue, clock: { nowMs: () => NOW } }),
  );
  return { outcome, removed, marked: (await jobs.get(JOB_ID))?.discarded?.reason };
}

test('the letter of a failed job goes, and the job says why', async () => {
  const { outcome, removed, marked } = await discarded(body);
  expect({ outcome, removed, marked }).toEqual({
    outcome: { kind: 'discarded' },
    removed: ['letter-1'],
    marked: 'the tenant gave up',
  });
});

test.each([
  ['was edited', body.replace('{}', '{"title":"other"}')],
  ['names the job of another tenant', body.replace('acme', 'globex')],
  ['was cut short', body.slice(0, 20)],
])('a letter that %s goes, and the job that it names may still be redriven (F68)', async (_, other) => {
  const { outcome, removed, marked } = await discarded(other);
  expect({ outcome, removed, marked }).toEqual({
    outcome: { kind: 'discarded' },
    removed: ['letter-1'],
    marked: undefined,
  });
});
