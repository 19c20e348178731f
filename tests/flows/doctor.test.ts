/** `headgate doctor --local`: green on a fresh stack, and each planted fault by its name with what to do. */
import { join } from 'node:path';
import {
  BatchClient,
  DeregisterJobDefinitionCommand,
  DescribeJobDefinitionsCommand,
  DescribeJobQueuesCommand,
  RegisterJobDefinitionCommand,
  UpdateJobQueueCommand,
} from '@aws-sdk/client-batch';
import { DescribeRuleCommand, PutRuleCommand } from '@aws-sdk/client-eventbridge';
import {
  GetQueueAttributesCommand,
  PurgeQueueCommand,
  SendMessageBatchCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import * as z from 'zod';
import { announce, RUNNING_FOLDER } from '../../local/running.ts';
import { closedAfterAll } from '../support/closing.ts';
import { runCommand } from '../support/command.ts';
import { type Stack, startStack } from '../support/stack.ts';

jest.setTimeout(180_000);

const Diagnosis = z.strictObject({
  id: z.string(),
  ok: z.boolean().optional(),
  says: z.string(),
  fix: z.string().optional(),
});

let stack: Stack;
let batch: BatchClient;
let withdraw: () => Promise<void>;
const opened = closedAfterAll();
beforeAll(async () => {
  stack = opened(await startStack());
  batch = new BatchClient({
    endpoint: stack.cloud.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  withdraw = await announce(join(import.meta.dirname, '../..', RUNNING_FOLDER), stack.cloud);
});
afterAll(async () => {
  await withdraw();
  batch.destroy();
});

async function doctor() {
  const { code, out, err } = await runCommand(stack, 'doctor', '--local', '--json');
  const found = out
    .trim()
    .split('\n')
    .map((line) => Diagnosis.parse(JSON.parse(line)));
  return { code, err, found, bad: found.filter(({ ok }) => ok === false) };
}

it('a fresh stack is green, and what a laptop cannot be asked is named', async () => {
  const { code, err, found, bad } = await doctor();
  expect({ code, bad }).toEqual({ code: 0, bad: [] });
  expect(err).toMatch(/^\d+ checks, 0 faults\.\n$/);
  expect(found.filter(({ ok }) => ok === undefined).map(({ id }) => id)).toEqual([
    'queues.visibility',
    'functions.mappings',
    'roles.actions',
    'quota.fargate',
    'quota.lambda',
    'tick.schedule',
    'api.concurrency',
  ]);
  const { out } = await runCommand(stack, 'doctor', '--local');
  expect(out).toMatch(/^ok +rule\.pattern +the rule to the events queue matches RUNNING, SUCCEEDED, FAILED/m);
});

/** Plants a fault, looks, and removes it. */
async function planted(plant: () => Promise<() => Promise<unknown>>) {
  const remove = await plant();
  try {
    return await doctor();
  } finally {
    await remove();
  }
}

it.each([
  [
    'that reads another field',
    { status: ['SUCCEEDED'] },
    { state: ['SUCCEEDED'] },
    /matches detail\.status RUNNING/,
  ],
  ['that leaves failures out', {}, { status: ['RUNNING', 'SUCCEEDED'] }, /matches detail\.status FAILED/],
  ['that lets every step come', {}, {}, /without detail\.status SUBMITTED/],
])('a rule pattern %s is named', async (_, _was, detail, says) => {
  const { events, Name, rule } = await ruleOfBatch();
  const change = (EventPattern: string | undefined) =>
    events.send(new PutRuleCommand({ ...rule, Name, EventPattern }));
  const { jobQueue } = JSON.parse(rule.EventPattern ?? '{}').$or[0].detail;
  const wrong = {
    source: ['aws.batch'],
    'detail-type': ['Batch Job State Change'],
    detail: { jobQueue, ...detail },
  };
  const { code, bad } = await planted(async () => {
    await change(JSON.stringify(wrong));
    return () => change(rule.EventPattern);
  });
  expect(code).toBe(1);
  expect(bad).toEqual([
    { id: 'rule.pattern', ok: false, says: expect.stringMatching(says), fix: expect.any(String) },
  ]);
});

async function ruleOfBatch() {
  const events = stack.clients.eventBridge;
  const Name = stack.cloud.physicalId('BatchEventsRule');
  const { EventPattern, State, Description } = await events.send(new DescribeRuleCommand({ Name }));
  return { events, Name, rule: { EventPattern, State, Description } };
}

it('a disabled rule is named', async () => {
  const { events, Name, rule } = await ruleOfBatch();
  const { bad } = await planted(async () => {
    await events.send(new PutRuleCommand({ ...rule, Name, State: 'DISABLED' }));
    return () => events.send(new PutRuleCommand({ ...rule, Name }));
  });
  expect(bad).toMatchObject([{ id: 'rule.pattern', says: expect.stringContaining('found a disabled one') }]);
});

it('an image that is not there is named', async () => {
  const jobDefinitionName = 'headgate-dev_csv_summarise';
  const { jobDefinitions = [] } = await batch.send(
    new DescribeJobDefinitionsCommand({ jobDefinitionName, status: 'ACTIVE' }),
  );
  const { containerProperties, platformCapabilities } = jobDefinitions[0] ?? {};
  const image = containerProperties?.image ?? '';
  const absent = image.replace(/\/[^/]+$/, '/elsewhere:1');
  const { code, bad } = await planted(async () => {
    const { jobDefinitionArn: jobDefinition } = await batch.send(
      new RegisterJobDefinitionCommand({
        jobDefinitionName,
        type: 'container',
        platformCapabilities,
        containerProperties: { ...containerProperties, image: absent },
      }),
    );
    return () => batch.send(new DeregisterJobDefinitionCommand({ jobDefinition }));
  });
  expect(code).toBe(1);
  expect(bad).toMatchObject([{ id: 'batch.images', says: `expected the image ${absent}, found none` }]);
});

it('a full dead-letter queue is named, and so is one letter of another queue', async () => {
  const fill = async (queue: string, count: number) => {
    const QueueUrl = stack.cloud.physicalId(queue);
    for (let from = 0; from < count; from += 10) {
      const Entries = Array.from({ length: Math.min(10, count - from) }, (_, i) => ({
        Id: String(i),
        MessageBody: '{}',
      }));
      await stack.clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
    return () => stack.clients.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  };
  const letters = (bad: object[]) => bad.filter((each) => 'id' in each && each.id === 'queues.dead_letters');
  // A few letters of tenants are everyday.
  await fill('FrontDeadLetterQueue', 3);
  expect(letters((await doctor()).bad)).toEqual([]);
  const front = await planted(() => fill('FrontDeadLetterQueue', 98));
  expect(letters(front.bad)).toMatchObject([
    {
      says: 'expected at most 100 dead letters of headgate-dev-front, found 101',
      fix: expect.stringContaining('headgate dlq list --group-by code'),
    },
  ]);
  const notify = await planted(() => fill('NotifyDeadLetterQueue', 1));
  expect(letters(notify.bad)).toMatchObject([
    { says: 'expected at most 0 dead letters of headgate-dev-notify, found 1' },
  ]);
});

it('a queue without a dead-letter queue, and a disabled job queue, are named', async () => {
  const QueueUrl = stack.cloud.physicalId('SubmitQueue');
  const { sqs } = stack.clients;
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['RedrivePolicy'] }),
  );
  const set = (RedrivePolicy: string) =>
    sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy } }));
  const patient = Attributes?.RedrivePolicy ?? '';
  const redrive = await planted(async () => {
    await set(JSON.stringify({ ...JSON.parse(patient), maxReceiveCount: 50 }));
    return () => set(patient);
  });
  expect(redrive.bad.find(({ id }) => id === 'queues.redrive')?.says).toBe(
    'expected 5 receives before a dead letter, found headgate-dev-submit after 50',
  );

  const jobQueue = stack.cloud.outputs['StandardJobQueueArn'] ?? '';
  const state = (next: 'ENABLED' | 'DISABLED') =>
    batch.send(new UpdateJobQueueCommand({ jobQueue, state: next }));
  const disabled = await planted(async () => {
    await state('DISABLED');
    return () => state('ENABLED');
  });
  const { jobQueues = [] } = await batch.send(new DescribeJobQueuesCommand({ jobQueues: [jobQueue] }));
  expect(disabled.bad.find(({ id }) => id === 'batch.queues')?.says).toBe(
    `expected ${jobQueues[0]?.jobQueueName} ENABLED and VALID, found DISABLED and VALID`,
  );
});
