import { GetJobQueueSnapshotCommand } from '@aws-sdk/client-batch';
import { expect, test } from '@jest/globals';
import { createFairQueue, register, startWithQueue } from '../service.ts';

const WAITS = ['node', '-e', 'setTimeout(() => {}, 300_000)'];

test('a snapshot of a queue has its runnable jobs in the order they will start, and what is in use', async () => {
  await using service = await startWithQueue();
  await register(service.client, 'whole', { command: WAITS, vcpus: '4', memory: '8192' });
  await service.reaches(await service.submit({ jobDefinition: 'whole' }), 'RUNNING');
  const array = await service.submit({ jobDefinition: 'whole', arrayProperties: { size: 102 } });
  await service.reaches(`${array}:101`, 'RUNNABLE');
  const snapshot = await service.client.send(new GetJobQueueSnapshotCommand({ jobQueue: 'queue' }));
  const { jobs, lastUpdatedAt } = snapshot.frontOfQueue ?? {};
  expect(jobs?.map(({ jobArn }) => jobArn)).toEqual(
    Array.from({ length: 100 }, (_, index) => `arn:aws:batch:us-east-1:000000000000:job/${array}:${index}`),
  );
  expect(jobs?.[0]?.earliestTimeAtPosition).toBeLessThanOrEqual(lastUpdatedAt ?? 0);
  expect(snapshot.queueUtilization?.totalCapacityUsage).toEqual([{ capacityUnit: 'VCPU', quantity: 4 }]);
});

test('a snapshot of a fair-share queue takes the shares in turn', async () => {
  await using service = await startWithQueue();
  await createFairQueue(service.client, 'fair', 'environment');
  const ranked = { schedulingPriority: 1 };
  await register(service.client, 'whole', { command: WAITS, vcpus: '4', memory: '8192' }, ranked);
  const submit = (shareIdentifier: string) =>
    service.submit({ jobQueue: 'fair', jobDefinition: 'whole', shareIdentifier });
  await service.reaches(await submit('a'), 'RUNNING');
  const [a1, a2, b1, b2] = [await submit('a'), await submit('a'), await submit('b'), await submit('b')];
  await service.reaches(b2, 'RUNNABLE');
  const snapshot = await service.client.send(new GetJobQueueSnapshotCommand({ jobQueue: 'fair' }));
  const order = snapshot.frontOfQueue?.jobs?.map(({ jobArn }) => jobArn?.split('/')[1]);
  expect(new Set(order)).toEqual(new Set([a1, a2, b1, b2]));
  expect(order?.[0]).toBe(b1);
  expect(snapshot.queueUtilization?.fairshareUtilization).toEqual({
    activeShareCount: 1,
    topCapacityUtilization: [
      { shareIdentifier: 'a', capacityUsage: [{ capacityUnit: 'VCPU', quantity: 4 }] },
    ],
  });
});

test('a snapshot of a queue that is not there is refused', async () => {
  await using service = await startWithQueue();
  const refused = service.client.send(new GetJobQueueSnapshotCommand({ jobQueue: 'nope' }));
  await expect(refused).rejects.toThrow('Job queue nope does not exist');
});
