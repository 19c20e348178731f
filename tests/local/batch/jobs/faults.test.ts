import { describe, expect, test } from '@jest/globals';
import { startWithQueue, until } from '../service.ts';

const ALL = ['RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED'];

describe('the hand-over of events', () => {
  test('is tried again until it succeeds, in order, and one job that fails holds up no other', async () => {
    const told: string[] = [];
    let failing = true;
    let broken = '';
    await using service = await startWithQueue({
      emit: async ({ detail }) => {
        if (failing && detail['jobId'] === broken) throw new Error('no way');
        told.push(`${detail['jobName']} ${detail['status']}`);
      },
    });
    service.batch.faults.submit = () => 'accept';
    service.batch.faults.event = (event) => {
      if (event.detail['jobName'] === 'broken') broken = String(event.detail['jobId']);
      return 'deliver';
    };
    await service.reaches(await service.submit({ jobName: 'broken' }), 'SUCCEEDED');
    for (let index = 0; index < 20; index += 1) await service.submit({ jobName: 'fine' });
    await until(() => told.length === 80, 'the other jobs to be told of');
    expect(service.batch.activity().undelivered).toBe(4);
    expect(service.reports.filter((line) => line.includes('not handed over'))).toHaveLength(1);
    failing = false;
    await until(() => service.batch.activity().undelivered === 0, 'the outbox to be empty');
    expect(told.slice(80)).toEqual(ALL.map((state) => `broken ${state}`));
  });

  test.each<['drop' | 'duplicate', string[]]>([
    ['drop', ['RUNNABLE', 'STARTING', 'SUCCEEDED']],
    ['duplicate', ['RUNNABLE', 'STARTING', 'RUNNING', 'RUNNING', 'SUCCEEDED']],
  ])('can %s an event', async (fault, expected) => {
    await using service = await startWithQueue();
    service.batch.faults.event = ({ detail }) => (detail['status'] === 'RUNNING' ? fault : 'deliver');
    const jobId = await service.submit();
    await service.reaches(jobId, 'SUCCEEDED');
    expect(await service.statesTold(jobId)).toEqual(expected);
  });

  test('can hold an event back until the clock says so, and later ones overtake it', async () => {
    await using service = await startWithQueue();
    service.batch.faults.event = ({ detail }) =>
      detail['status'] === 'RUNNING' ? { delaySeconds: 3600 } : 'deliver';
    const jobId = await service.submit();
    await service.reaches(jobId, 'SUCCEEDED');
    await until(() => service.events.length === 3, 'the other events');
    expect(service.batch.activity().undelivered).toBe(1);
    service.advance(3_601_000);
    expect(await service.statesTold(jobId)).toEqual(['RUNNABLE', 'STARTING', 'SUCCEEDED', 'RUNNING']);
  });
});

describe('a SubmitJob that goes wrong on purpose', () => {
  test.each([
    ['throttle', /^TooManyRequestsException: Too Many Requests$/, 0],
    ['refuse', /^ClientException: .*refused by an injected fault/, 0],
    ['error', /^ServerException: .*failed by an injected fault/, 1],
    ['lose_reply', /socket hang up/, 1],
  ] as const)('%s', async (fault, error, jobs) => {
    await using service = await startWithQueue();
    service.batch.faults.submit = () => fault;
    expect(String(await service.submit().catch((caught) => caught))).toMatch(error);
    await until(() => service.batch.activity().queued + service.batch.activity().running === 0, 'all to end');
    const ended = () => service.events.filter(({ detail }) => detail['status'] === 'SUCCEEDED').length;
    await until(() => service.batch.activity().undelivered === 0, 'the outbox to be empty');
    expect(ended()).toBe(jobs);
  });
});
