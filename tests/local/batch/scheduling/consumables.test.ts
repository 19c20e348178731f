import {
  CreateConsumableResourceCommand,
  DeleteConsumableResourceCommand,
  DescribeConsumableResourceCommand,
  ListConsumableResourcesCommand,
  ListJobsByConsumableResourceCommand,
  TerminateJobCommand,
  UpdateConsumableResourceCommand,
} from '@aws-sdk/client-batch';
import { describe, expect, test } from '@jest/globals';
import { register, type Service, startWithQueue } from '../service.ts';

const WAITS = ['node', '-e', 'setTimeout(() => {}, 300_000)'];
const ARN = 'arn:aws:batch:us-east-1:000000000000:consumable-resource/licence';

/** A resource `licence` of so many units, and a definition `licensed` that needs one and waits. */
async function startLicensed(
  totalQuantity: number,
  { command = WAITS, resourceType = 'REPLENISHABLE' } = {},
): Promise<Service> {
  const service = await startWithQueue();
  await service.client.send(
    new CreateConsumableResourceCommand({ consumableResourceName: 'licence', totalQuantity, resourceType }),
  );
  const consumableResourceProperties = {
    consumableResourceList: [{ consumableResource: 'licence', quantity: 1 }],
  };
  await register(service.client, 'licensed', { command }, { consumableResourceProperties });
  return service;
}

const submit = (service: Service, quantity?: number) =>
  service.submit({
    jobDefinition: 'licensed',
    ...(quantity !== undefined && {
      consumableResourcePropertiesOverride: {
        consumableResourceList: [{ consumableResource: ARN, quantity }],
      },
    }),
  });
const describeLicence = (service: Service) =>
  service.client.send(new DescribeConsumableResourceCommand({ consumableResource: 'licence' }));

describe('a consumable resource', () => {
  test('lets only so many jobs run, and what waits for it holds up its own queue', async () => {
    await using service = await startLicensed(2);
    const [first, second, third] = [await submit(service), await submit(service), await submit(service)];
    for (const jobId of [first, second]) await service.reaches(jobId, 'RUNNING');
    const behind = await service.submit();
    await service.reaches(behind, 'RUNNABLE');
    expect(await describeLicence(service)).toMatchObject({
      consumableResourceArn: ARN,
      totalQuantity: 2,
      inUseQuantity: 2,
      availableQuantity: 0,
      resourceType: 'REPLENISHABLE',
    });
    expect(await service.describe(third)).toMatchObject({
      status: 'RUNNABLE',
      consumableResourceProperties: { consumableResourceList: [{ consumableResource: ARN, quantity: 1 }] },
    });
    await service.client.send(new TerminateJobCommand({ jobId: first, reason: 'enough' }));
    await service.reaches(third, 'RUNNING');
    await service.reaches(behind, 'SUCCEEDED');
  });

  test('that grows lets more run', async () => {
    await using service = await startLicensed(0);
    const jobId = await submit(service, 3);
    await service.reaches(jobId, 'RUNNABLE');
    const add = new UpdateConsumableResourceCommand({
      consumableResource: ARN,
      operation: 'ADD',
      quantity: 3,
      clientToken: 'once',
    });
    expect(await service.client.send(add)).toMatchObject({ totalQuantity: 3 });
    expect(await service.client.send(add)).toMatchObject({ totalQuantity: 3 });
    await service.reaches(jobId, 'RUNNING');
  });

  test('that is not replenishable is used up by the jobs that start, and by no second try', async () => {
    const command = ['node', '-e', 'process.exit(process.env.AWS_BATCH_JOB_ATTEMPT === "1" ? 1 : 0)'];
    await using service = await startLicensed(1, { command, resourceType: 'NON_REPLENISHABLE' });
    const jobId = await service.submit({ jobDefinition: 'licensed', retryStrategy: { attempts: 2 } });
    await service.reaches(jobId, 'SUCCEEDED');
    expect(await describeLicence(service)).toMatchObject({ inUseQuantity: 1, availableQuantity: 0 });
    const late = await submit(service);
    await service.reaches(late, 'RUNNABLE');
  });

  test('is listed, found by its name, and deleted', async () => {
    await using service = await startLicensed(1);
    const { client } = service;
    await client.send(new CreateConsumableResourceCommand({ consumableResourceName: 'other' }));
    const list = async (...values: string[]) => {
      const filters = values.length > 0 ? [{ name: 'CONSUMABLE_RESOURCE_NAME', values }] : [];
      const found = await client.send(new ListConsumableResourcesCommand({ filters }));
      return found.consumableResources?.map(({ consumableResourceName }) => consumableResourceName);
    };
    expect(await list()).toEqual(['licence', 'other']);
    expect(await list('LIC*')).toEqual(['licence']);
    expect(await list('lic')).toEqual([]);
    await client.send(new DeleteConsumableResourceCommand({ consumableResource: 'other' }));
    expect(await list()).toEqual(['licence']);
  });

  test('tells which jobs need it', async () => {
    await using service = await startLicensed(1);
    const [first, second] = [await submit(service), await submit(service, 2)];
    await service.submit();
    await service.reaches(first, 'RUNNING');
    await service.reaches(second, 'RUNNABLE');
    const jobsOf = async (...filters: { name: string; values: string[] }[]) => {
      const request = { consumableResource: 'licence', filters };
      return (await service.client.send(new ListJobsByConsumableResourceCommand(request))).jobs;
    };
    expect(await jobsOf()).toMatchObject([
      { jobStatus: 'RUNNABLE', quantity: 2, jobQueueArn: expect.stringMatching(/job-queue\/queue$/) },
      { jobStatus: 'RUNNING', quantity: 1 },
    ]);
    expect(await jobsOf({ name: 'JOB_STATUS', values: ['RUNNING'] })).toHaveLength(1);
    expect(await jobsOf({ name: 'JOB_NAME', values: ['JO*'] })).toHaveLength(2);
    await expect(jobsOf({ name: 'JOB_STATUS', values: ['ASLEEP'] })).rejects.toThrow('ASLEEP');
  });

  test.each<[string, (service: Service) => Promise<unknown>, string]>([
    [
      'a name that is taken',
      ({ client }) => client.send(new CreateConsumableResourceCommand({ consumableResourceName: 'licence' })),
      'Object already exists',
    ],
    [
      'a negative total',
      ({ client }) =>
        client.send(new CreateConsumableResourceCommand({ consumableResourceName: 'x', totalQuantity: -1 })),
      'totalQuantity',
    ],
    [
      'the removal of more than there is',
      ({ client }) =>
        client.send(
          new UpdateConsumableResourceCommand({
            consumableResource: 'licence',
            operation: 'REMOVE',
            quantity: 2,
          }),
        ),
      'more than the total of 1',
    ],
    [
      'a job that needs what does not exist',
      (service) =>
        service.submit({
          consumableResourcePropertiesOverride: {
            consumableResourceList: [{ consumableResource: 'nope', quantity: 1 }],
          },
        }),
      'Consumable resource nope does not exist',
    ],
    [
      'a job that needs six resources',
      (service) =>
        service.submit({
          consumableResourcePropertiesOverride: {
            consumableResourceList: Array.from({ length: 6 }, () => ({ consumableResource: 'licence' })),
          },
        }),
      'consumableResourceList',
    ],
  ])('refuses %s', async (_, attempt, text) => {
    await using service = await startLicensed(1);
    await expect(attempt(service)).rejects.toThrow(text);
  });
});
