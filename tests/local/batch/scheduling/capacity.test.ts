import { UpdateComputeEnvironmentCommand } from '@aws-sdk/client-batch';
import { describe, expect, test } from '@jest/globals';
import { createFairQueue, createQueue, register, startWithQueue, until } from '../service.ts';

async function startWithLongJobs() {
  const service = await startWithQueue();
  const command = ['node', '-e', 'setTimeout(() => {}, 300_000)'];
  await register(service.client, 'long', { command, vcpus: '1', memory: '2048' }, { schedulingPriority: 0 });
  return service;
}

/** The order in which jobs came to run. */
const started = (events: readonly { detail: Readonly<Record<string, unknown>> }[]) =>
  events.filter(({ detail }) => detail['status'] === 'STARTING').map(({ detail }) => detail['jobName']);

describe('compute environments', () => {
  test('run as many vCPU as they have, and the next job when there is room', async () => {
    await using service = await startWithLongJobs();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.push(await service.submit({ jobDefinition: 'long' }));
    for (const jobId of ids.slice(0, 4)) await service.reaches(jobId, 'RUNNING');
    await service.statesTold(ids[4] ?? '');
    expect(service.batch.activity()).toEqual({ queued: 1, running: 4, undelivered: 0 });
    expect((await service.describe(ids[4] ?? ''))?.status).toBe('RUNNABLE');
    const update = { computeEnvironment: 'environment', computeResources: { maxvCpus: 5 } };
    await service.client.send(new UpdateComputeEnvironmentCommand(update));
    await service.reaches(ids[4] ?? '', 'RUNNING');
  });

  test('start nothing while they are disabled', async () => {
    await using service = await startWithLongJobs();
    const set = (state: 'ENABLED' | 'DISABLED') =>
      service.client.send(new UpdateComputeEnvironmentCommand({ computeEnvironment: 'environment', state }));
    await set('DISABLED');
    const jobId = await service.submit({ jobDefinition: 'long' });
    await service.reaches(jobId, 'RUNNABLE');
    expect(service.batch.activity().running).toBe(0);
    await set('ENABLED');
    await service.reaches(jobId, 'RUNNING');
  });

  test('serve the queue of higher priority first, each queue in the order of submission', async () => {
    await using service = await startWithLongJobs();
    await createQueue(service.client, 'urgent', ['environment'], 10);
    const disabled = { computeEnvironment: 'environment', state: 'DISABLED' } as const;
    await service.client.send(new UpdateComputeEnvironmentCommand(disabled));
    const submit = (jobName: string, jobQueue: string) =>
      service.submit({ jobName, jobQueue, jobDefinition: 'long' });
    for (const name of ['normal-1', 'normal-2']) await submit(name, 'queue');
    for (const name of ['urgent-1', 'urgent-2']) await submit(name, 'urgent');
    await until(() => service.events.length === 4, 'all to be runnable');
    await service.client.send(new UpdateComputeEnvironmentCommand({ ...disabled, state: 'ENABLED' }));
    await until(() => started(service.events).length === 4, 'all to run');
    expect(started(service.events)).toEqual(['urgent-1', 'urgent-2', 'normal-1', 'normal-2']);
  });

  test('serve the shares of a fair-share queue in turn', async () => {
    await using service = await startWithLongJobs();
    await createFairQueue(service.client, 'fair', 'environment');
    const disabled = { computeEnvironment: 'environment', state: 'DISABLED' } as const;
    await service.client.send(new UpdateComputeEnvironmentCommand(disabled));
    const submit = (jobName: string, shareIdentifier: string, schedulingPriorityOverride = 0) =>
      service.submit({
        jobName,
        jobQueue: 'fair',
        jobDefinition: 'long',
        shareIdentifier,
        schedulingPriorityOverride,
      });
    for (const name of ['loud-1', 'loud-2', 'loud-3']) await submit(name, 'loud');
    await submit('quiet-1', 'quiet');
    await submit('quiet-2', 'quiet', 5);
    await until(() => service.events.length === 5, 'all to be runnable');
    await service.client.send(new UpdateComputeEnvironmentCommand({ ...disabled, state: 'ENABLED' }));
    await until(() => started(service.events).length === 4, 'four to run');
    expect(started(service.events)).toEqual(['loud-1', 'quiet-2', 'loud-2', 'quiet-1']);
  });
});
