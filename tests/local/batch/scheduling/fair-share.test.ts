import { DatabaseSync } from 'node:sqlite';
import {
  CreateJobQueueCommand,
  CreateSchedulingPolicyCommand,
  DeleteSchedulingPolicyCommand,
  DescribeSchedulingPoliciesCommand,
  type FairsharePolicy,
  ListSchedulingPoliciesCommand,
  TerminateJobCommand,
  UpdateComputeEnvironmentCommand,
  UpdateJobQueueCommand,
  UpdateSchedulingPolicyCommand,
} from '@aws-sdk/client-batch';
import { describe, expect, jest, test } from '@jest/globals';
import { overlapIn, reservedVcpus, weightOf, windowMs } from '../../../../local/batch/queues/fair-share.ts';
import { createFairQueue, register, type Service, startService, startWithQueue, until } from '../service.ts';

jest.setTimeout(60_000);

const POLICY_ARN = 'arn:aws:batch:us-east-1:000000000000:scheduling-policy/fair-policy';
const START_MS = 1_800_000_000_000;
const LONG = ['node', '-e', 'setTimeout(() => {}, 300_000)'];

interface Setting {
  readonly policy?: FairsharePolicy;
  readonly command?: string[];
  readonly store?: DatabaseSync;
}

/** A fair-share queue of 4 vCPU, jobs of 1 vCPU, and a clock that stands until it is turned. */
async function startFair({ policy = {}, command = ['node', '-e', ''], store }: Setting = {}) {
  let nowMs = START_MS;
  const service = await startWithQueue({
    clock: { now: () => nowMs },
    ...(store !== undefined && { store }),
  });
  await createFairQueue(service.client, 'fair', 'environment', policy);
  await register(service.client, 'whole', { command, vcpus: '1', memory: '2048' });
  return {
    ...service,
    turn: (milliseconds: number) => {
      nowMs += milliseconds;
    },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

const submit = (service: Service, shareIdentifier: string, jobName = shareIdentifier, priority = 0) =>
  service.submit({
    jobName,
    jobQueue: 'fair',
    jobDefinition: 'whole',
    shareIdentifier,
    schedulingPriorityOverride: priority,
  });

const setState = ({ client }: Service, state: 'ENABLED' | 'DISABLED') =>
  client.send(new UpdateComputeEnvironmentCommand({ computeEnvironment: 'environment', state }));

const told = ({ events }: Service, status: string) =>
  events.filter(({ detail }) => detail['status'] === status).map(({ detail }) => String(detail['jobName']));

/** Submits all while nothing can run, then tells in which order so many of them were started. */
async function orderOf(service: Service, submissions: () => Promise<number>, count?: number) {
  await setState(service, 'DISABLED');
  const before = { runnable: told(service, 'RUNNABLE').length, started: told(service, 'STARTING').length };
  const submitted = await submissions();
  await until(() => told(service, 'RUNNABLE').length === before.runnable + submitted, 'all to be runnable');
  await setState(service, 'ENABLED');
  const wanted = before.started + (count ?? submitted);
  await until(() => told(service, 'STARTING').length >= wanted, `${wanted} to start`);
  return told(service, 'STARTING').slice(before.started, wanted);
}

describe('two shares with a backlog', () => {
  test('of weights 1 and 4 complete four jobs to one', async () => {
    await using service = await startFair({
      policy: {
        shareDistribution: [
          { shareIdentifier: 'gold', weightFactor: 1 },
          { shareIdentifier: 'basic*', weightFactor: 4 },
        ],
      },
    });
    const order = await orderOf(service, async () => {
      for (let index = 0; index < 16; index += 1) await submit(service, 'basic7', 'basic');
      for (let index = 0; index < 16; index += 1) await submit(service, 'gold');
      return 32;
    });
    expect(order.slice(0, 7)).toEqual(['basic', 'gold', 'gold', 'gold', 'gold', 'basic', 'gold']);
    for (const [ran, gold] of [
      [5, 4],
      [10, 8],
      [20, 16],
    ]) {
      expect(order.slice(0, ran).filter((share) => share === 'gold')).toHaveLength(gold ?? 0);
    }
    expect(order.slice(20)).toEqual(Array(12).fill('basic'));
    await until(() => told(service, 'SUCCEEDED').length === 32, 'all to succeed');
  });

  test('of no weight take turns', async () => {
    await using service = await startFair();
    const order = await orderOf(service, async () => {
      for (const share of ['a', 'a', 'a', 'b', 'b', 'b']) await submit(service, share);
      return 6;
    });
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });
});

test('in a share the job of higher priority runs first, and a priority is nothing to other shares', async () => {
  await using service = await startFair();
  const order = await orderOf(service, async () => {
    await submit(service, 'a', 'a-low', 1);
    await submit(service, 'a', 'a-high', 9999);
    await submit(service, 'a', 'a-high-later', 9999);
    await submit(service, 'b', 'b-lowest', 0);
    return 4;
  });
  expect(order).toEqual(['a-high', 'b-lowest', 'a-high-later', 'a-low']);
});

test('on a FIFO queue a priority is taken and ignored', async () => {
  await using service = await startFair();
  const order = await orderOf(service, async () => {
    for (const [jobName, schedulingPriorityOverride] of [
      ['first', 0],
      ['second', 9],
    ] as const) {
      await service.submit({ jobName, jobDefinition: 'whole', schedulingPriorityOverride });
    }
    return 2;
  });
  expect(order).toEqual(['first', 'second']);
});

describe('what a share used', () => {
  /** `a` has used a vCPU for 100 s; `a` and `b` have each two jobs waiting. */
  const contend = async (service: Awaited<ReturnType<typeof startFair>>, laterMs: number) => {
    const jobId = await submit(service, 'a');
    await service.reaches(jobId, 'RUNNING');
    service.turn(100_000);
    await service.client.send(new TerminateJobCommand({ jobId, reason: 'enough' }));
    await service.reaches(jobId, 'FAILED');
    service.turn(laterMs);
    return await orderOf(service, async () => {
      for (const share of ['a', 'a', 'b', 'b']) await submit(service, share);
      return 4;
    });
  };

  test.each([
    ['counts when it has just ended', {}, 0, ['b', 'b', 'a', 'a']],
    ['counts for ten minutes', {}, 560_000, ['b', 'b', 'a', 'a']],
    ['counts no more after ten minutes', {}, 600_000, ['a', 'b', 'a', 'b']],
    ['counts as long as the policy says', { shareDecaySeconds: 3600 }, 600_000, ['b', 'b', 'a', 'a']],
    ['counts no more when that is over', { shareDecaySeconds: 3600 }, 3_600_000, ['a', 'b', 'a', 'b']],
  ])('%s', async (_, policy, laterMs, order) => {
    await using service = await startFair({ policy, command: LONG });
    expect(await contend(service, laterMs)).toEqual(order);
  });

  test('counts while it runs', async () => {
    await using service = await startFair({ command: LONG });
    await service.reaches(await submit(service, 'a'), 'RUNNING');
    service.turn(10_000);
    const order = await orderOf(
      service,
      async () => {
        for (const share of ['a', 'a', 'b', 'b', 'b']) await submit(service, share);
        return 5;
      },
      3,
    );
    expect(order).toEqual(['b', 'b', 'b']);
  });

  test('is known after a restart', async () => {
    const store = new DatabaseSync(':memory:');
    {
      await using service = await startFair({ store });
      await service.reaches(await submit(service, 'a'), 'SUCCEEDED');
    }
    await using again = await startService({ store, clock: { now: () => START_MS } });
    await again.batch.start();
    const order = await orderOf(again, async () => {
      for (const share of ['a', 'b']) await submit(again, share);
      return 2;
    });
    expect(order).toEqual(['b', 'a']);
  });
});

test('a reservation keeps room for shares that are not there yet, and shrinks as they come', async () => {
  await using service = await startFair({ policy: { computeReservation: 50 }, command: LONG });
  for (let index = 0; index < 4; index += 1) await submit(service, 'a');
  await until(() => told(service, 'RUNNABLE').length === 4, 'all to be runnable');
  await until(() => told(service, 'RUNNING').length === 2, 'half of the room to be taken');
  const jobId = await submit(service, 'b');
  await service.reaches(jobId, 'RUNNING');
  expect(service.batch.activity()).toMatchObject({ running: 3, queued: 2 });
  await service.client.send(new UpdateSchedulingPolicyCommand({ arn: POLICY_ARN, fairsharePolicy: {} }));
  await until(() => service.batch.activity().running === 4, 'the whole room to be taken');
});

test('a queue has 500 active shares at most, and what used something within the window is active', async () => {
  const store = new DatabaseSync(':memory:');
  {
    await using service = await startFair({ store });
    for (const share of ['used1', 'used2']) await service.reaches(await submit(service, share), 'SUCCEEDED');
  }
  // Not started: nothing looks at the jobs.
  let nowMs = START_MS;
  await using service = await startService({ store, clock: { now: () => nowMs } });
  for (let index = 0; index < 498; index += 1) await submit(service, `s${index}`);
  await expect(submit(service, 'another')).rejects.toThrow('500 active share identifiers');
  await submit(service, 's7');
  await submit(service, 'used1');
  nowMs += 600_000;
  await submit(service, 'another');
  await expect(submit(service, 'used2')).rejects.toThrow('500 active share identifiers');
});

describe('a policy', () => {
  const share = (shareIdentifier: string, weightFactor?: number) => ({
    shareIdentifier,
    ...(weightFactor !== undefined && { weightFactor }),
  });

  test.each<[string, FairsharePolicy, string]>([
    ['a decay of over a week', { shareDecaySeconds: 604_801 }, 'fairsharePolicy.shareDecaySeconds'],
    ['a reservation of all', { computeReservation: 100 }, 'fairsharePolicy.computeReservation'],
    ['a weight of nothing', { shareDistribution: [share('a', 0)] }, 'weightFactor'],
    ['a weight of 1,000', { shareDistribution: [share('a', 1000)] }, 'weightFactor'],
    ['a share with a dash', { shareDistribution: [share('a-1')] }, 'takes letters and digits'],
    ['a share of 256 letters', { shareDistribution: [share('a'.repeat(256))] }, 'takes letters and digits'],
    ['an asterisk inside', { shareDistribution: [share('a*b')] }, 'takes letters and digits'],
    ['a share twice', { shareDistribution: [share('a'), share('a')] }, 'a and a overlap'],
    ['a share within a prefix', { shareDistribution: [share('ab'), share('a*')] }, 'ab and a\\* overlap'],
    [
      'a prefix within a prefix',
      { shareDistribution: [share('a*'), share('ab*')] },
      'a\\* and ab\\* overlap',
    ],
  ])('is refused with %s, when it is made and when it changes', async (_, fairsharePolicy, text) => {
    await using service = await startFair();
    const refused = { name: 'ClientException', message: expect.stringMatching(text) };
    const create = new CreateSchedulingPolicyCommand({ name: 'other', fairsharePolicy });
    await expect(service.client.send(create)).rejects.toMatchObject(refused);
    const update = new UpdateSchedulingPolicyCommand({ arn: POLICY_ARN, fairsharePolicy });
    await expect(service.client.send(update)).rejects.toMatchObject(refused);
  });

  test('is changed, listed and, once no queue uses it, deleted', async () => {
    await using service = await startFair();
    const { client } = service;
    const fairsharePolicy = { computeReservation: 10, shareDistribution: [share('a*', 0.5)] };
    const update = new UpdateSchedulingPolicyCommand({ arn: POLICY_ARN, fairsharePolicy });
    await client.send(update);
    const describe = new DescribeSchedulingPoliciesCommand({ arns: [POLICY_ARN] });
    expect((await client.send(describe)).schedulingPolicies).toMatchObject([{ fairsharePolicy }]);
    const { arn: other } = await client.send(new CreateSchedulingPolicyCommand({ name: 'other' }));
    const list = async () => (await client.send(new ListSchedulingPoliciesCommand({}))).schedulingPolicies;
    expect(await list()).toEqual([{ arn: POLICY_ARN }, { arn: other }]);
    const remove = new DeleteSchedulingPolicyCommand({ arn: POLICY_ARN });
    await expect(client.send(remove)).rejects.toThrow('is used by job queue fair');
    await client.send(new UpdateJobQueueCommand({ jobQueue: 'fair', schedulingPolicyArn: other }));
    await client.send(remove);
    expect(await list()).toEqual([{ arn: other }]);
    await expect(client.send(update)).rejects.toThrow('does not exist');
  });

  test('stays with its queue: it can be replaced and not removed', async () => {
    await using service = await startFair();
    const removal = new UpdateJobQueueCommand({ jobQueue: 'fair', schedulingPolicyArn: '' });
    await expect(service.client.send(removal)).rejects.toThrow('replaced and not removed');
    await expect(service.submit({ jobQueue: 'fair' })).rejects.toThrow('shareIdentifier is required');
  });

  test('that says nothing still weighs its shares equally', async () => {
    await using service = await startFair();
    const { arn } = await service.client.send(new CreateSchedulingPolicyCommand({ name: 'empty' }));
    await service.client.send(
      new CreateJobQueueCommand({
        jobQueueName: 'silent',
        priority: 1,
        schedulingPolicyArn: arn,
        computeEnvironmentOrder: [{ order: 1, computeEnvironment: 'environment' }],
      }),
    );
    const submitSilent = (shareIdentifier: string) =>
      service.submit({
        jobName: shareIdentifier,
        jobQueue: 'silent',
        jobDefinition: 'whole',
        shareIdentifier,
        schedulingPriorityOverride: 0,
      });
    await service.reaches(await submitSilent('a'), 'SUCCEEDED');
    const order = await orderOf(service, async () => {
      for (const share of ['a', 'b']) await submitSilent(share);
      return 2;
    });
    expect(order).toEqual(['b', 'a']);
  });

  test.each<[string, Parameters<typeof weightOf>[0], number]>([
    ['the weight of a share', { shareDistribution: [share('a1', 2)] }, 2],
    ['of its prefix', { shareDistribution: [share('b', 3), share('a*', 0.125)] }, 0.125],
    ['1 without one', { shareDistribution: [share('a', 2), share('A1', 3)] }, 1],
    ['1 when it is given none', { shareDistribution: [share('a1')] }, 1],
  ])('gives %s: %j', (_, policy, weight) => {
    expect(weightOf(policy, 'a1')).toBe(weight);
  });

  test.each([
    [50, 1, 8],
    [50, 2, 4],
    [50, 3, 2],
    [25, 2, 1],
    [10, 1, 1.5],
    [10, 2, 0],
    [0, 1, 0],
  ])(
    'that reserves %i %% of 16 vCPU keeps, with %i active shares, %i',
    (computeReservation, activeShares, kept) => {
      expect(reservedVcpus({ computeReservation }, { maxVcpus: 16, activeShares })).toBe(kept);
    },
  );

  test('looks back ten minutes at least', () => {
    expect(
      [{}, { shareDecaySeconds: 0 }, { shareDecaySeconds: 60 }, { shareDecaySeconds: 601 }].map(windowMs),
    ).toEqual([600_000, 600_000, 600_000, 601_000]);
  });

  test('of shares that only look alike has no overlap', () => {
    expect(
      overlapIn({ shareDistribution: [share('a'), share('ab'), share('b*'), share('abc*')] }),
    ).toBeUndefined();
  });
});
