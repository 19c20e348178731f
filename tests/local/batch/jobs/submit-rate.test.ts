import { SubmitJobCommand } from '@aws-sdk/client-batch';
import { describe, expect, test } from '@jest/globals';
import { createSubmitRate } from '../../../../local/batch/jobs/submit-rate.ts';
import { startWithQueue } from '../service.ts';

describe('the rate of SubmitJob', () => {
  test('is fifty in a second as in AWS, and what is over it gets a 429 and makes no job', async () => {
    await using service = await startWithQueue({ submitsPerSecond: undefined, clock: { now: () => 0 } });
    const submit = () => service.submit({ jobName: 'burst' }).then(() => 'accepted', String);
    const answers = [];
    for (let call = 0; call < 60; call += 1) answers.push(await submit());
    expect(answers.filter((answer) => answer === 'accepted')).toHaveLength(50);
    expect(new Set(answers.slice(50))).toEqual(new Set(['TooManyRequestsException: Too Many Requests']));
    const request = new SubmitJobCommand({ jobName: 'burst', jobQueue: 'queue', jobDefinition: 'work' });
    await expect(service.client.send(request)).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      $metadata: { httpStatusCode: 429 },
    });
    const { queued, running } = service.batch.activity();
    expect(queued + running).toBeLessThanOrEqual(50);
  });

  test('can be turned off', async () => {
    await using service = await startWithQueue({ submitsPerSecond: Number.POSITIVE_INFINITY });
    for (let call = 0; call < 60; call += 1) expect(await service.submit()).not.toBe('');
  });

  test('counts any second, wherever it begins: 55 a second pass as 50', () => {
    let nowMs = 0;
    const rate = createSubmitRate({ clock: { now: () => nowMs }, perSecond: 50 });
    let admitted = 0;
    for (let call = 0; call < 550; call += 1) {
      nowMs = (call * 1000) / 55;
      if (rate.admits()) admitted += 1;
    }
    expect(admitted).toBe(500);
  });

  test('never lets more than fifty into one second, for callers of every pattern', () => {
    let nowMs = 0;
    const rate = createSubmitRate({ clock: { now: () => nowMs }, perSecond: 50 });
    const admittedAtMs: number[] = [];
    for (let call = 0; call < 2_000; call += 1) {
      nowMs += call % 97 === 0 ? 700 : call % 7;
      if (rate.admits()) admittedAtMs.push(nowMs);
    }
    const inSecondFrom = (fromMs: number) =>
      admittedAtMs.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1000).length;
    expect(Math.max(...admittedAtMs.map(inSecondFrom))).toBe(50);
  });
});
