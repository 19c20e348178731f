/** Our ports over an AWS at some address: the table of the packaged template, a queue, a bus, made anew for each test. */
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { type Bus, bus } from '../../io/aws/bus.ts';
import { queue } from '../../io/aws/queues.ts';
import { systemRandom } from '../../io/process/random.ts';
import { type DeliveryLog, type DeliveryStore, deliveryStore } from '../../io/table/deliveries.ts';
import { dependantStore } from '../../io/table/dependency/dependants.ts';
import { rollStore } from '../../io/table/due/rolls.ts';
import { dueIndex } from '../../io/table/due.ts';
import { endpointRegister } from '../../io/table/endpoints.ts';
import { failureStore } from '../../io/table/failures.ts';
import { gateStore } from '../../io/table/gates.ts';
import { arrayItemStore } from '../../io/table/group/array-items.ts';
import { groupLists } from '../../io/table/group/group-lists.ts';
import { groupStore } from '../../io/table/group/groups.ts';
import { jobLists } from '../../io/table/job-lists.ts';
import { jobStore } from '../../io/table/jobs.ts';
import { operationStore } from '../../io/table/operation/operations.ts';
import { receiptStore } from '../../io/table/receipts.ts';
import { scheduleStore } from '../../io/table/schedules.ts';
import { table } from '../../io/table/table.ts';
import { tenantStore } from '../../io/table/tenants.ts';
import { waitingStore } from '../../io/table/waiting.ts';
import { jobsTable } from '../support/jobs-table.ts';
import {
  type Arrived,
  type Backend,
  type Circumstances,
  type Ports,
  READER_MS,
  type Reading,
} from './contract.ts';

export const REGION = 'us-east-1';

export interface AwsBackend extends Backend {
  readonly tableName: string;
  /** A client of its own, set up as the functions' are. */
  dynamo(): DynamoDBDocumentClient;
  readonly deliveryLog: DeliveryStore & DeliveryLog;
  readonly bus: Bus;
  /** What a rule on the bus has put into its queue. */
  heard(expected: number): Promise<Reading>;
}

let backends = 0;

export async function openAwsBackend(endpoint: string, circumstances: Circumstances): Promise<AwsBackend> {
  const name = `conformance-${++backends}`;
  const config = {
    endpoint,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const clients: { destroy(): void }[] = [];
  const kept = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client);
    return client;
  };
  const dynamo = () => {
    const client = kept(new DynamoDBClient(config));
    if (circumstances.answersLost === true) loseAnswers(client);
    return DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
  };
  const sqs = kept(new SQSClient(config));
  const events = kept(new EventBridgeClient(config));

  const tableName = `${name}-jobs`;
  await kept(new DynamoDBClient(config)).send(new CreateTableCommand(jobsTable(tableName)));
  const queueUrl = await makeQueue(sqs, `${name}-queue`);
  const heardUrl = await makeBus(events, sqs, name);
  const { tenants = [], endpoints = [] } = circumstances;
  const items = table(dynamo(), tableName, systemRandom);
  for (const tenant of tenants) await tenantStore(items).put(tenant);
  for (const each of endpoints) await endpointRegister(items).put(each);

  return {
    tableName,
    dynamo,
    deliveryLog: deliveryStore(items),
    bus: bus(events, name),
    heard: (expected) => readQueue(sqs, heardUrl, expected),
    process(): Ports {
      const items = table(dynamo(), tableName, systemRandom);
      return {
        jobs: jobStore(items),
        dependants: dependantStore(items),
        groups: groupStore(items),
        arrayItems: arrayItemStore(items),
        groupLists: groupLists(items),
        lists: jobLists(items),
        failures: failureStore(items),
        receipts: receiptStore(items),
        rolls: rollStore(items),
        deliveries: deliveryStore(items),
        due: dueIndex(items),
        tenants: tenantStore(items),
        endpoints: endpointRegister(items),
        gates: gateStore(items),
        waiting: waitingStore(items),
        schedules: scheduleStore(items),
        operations: operationStore(items),
        queue: queue(kept(new SQSClient(config)), queueUrl),
      };
    },
    // None of the AWSes that run on this machine lets its indexes lag.
    caughtUp: async () => undefined,
    read: (expected) => readQueue(sqs, queueUrl, expected),
    async close() {
      for (const client of clients) client.destroy();
    },
  };
}

const WRITES = ['PutItemCommand', 'UpdateItemCommand', 'BatchExecuteStatementCommand'];

/** Between the network and the SDK's own repetition: each write gets through, and its first answer does not. */
function loseAnswers(client: DynamoDBClient): void {
  const lost = new WeakSet<object>();
  client.middlewareStack.add(
    (next, context) => async (given) => {
      const answer = await next(given).catch((refused: unknown) => ({ refused }));
      if (WRITES.includes(context.commandName ?? '') && !lost.has(context)) {
        lost.add(context);
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      }
      if ('refused' in answer) throw answer.refused;
      return answer;
    },
    { step: 'finalizeRequest', priority: 'low', name: 'loseAnswers' },
  );
}

async function makeQueue(sqs: SQSClient, QueueName: string): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName }));
  return QueueUrl;
}

/** @returns the queue into which a rule puts everything that the bus hears */
async function makeBus(events: EventBridgeClient, sqs: SQSClient, Name: string): Promise<string> {
  const url = await makeQueue(sqs, `${Name}-heard`);
  const attributes = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] });
  const { QueueArn: Arn } = (await sqs.send(attributes)).Attributes ?? {};
  const Allow = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ ...Allow, Resource: Arn }] });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }));
  await events.send(new CreateEventBusCommand({ Name }));
  const rule = { Name, EventBusName: Name };
  await events.send(new PutRuleCommand({ ...rule, EventPattern: JSON.stringify({ source: ['headgate'] }) }));
  await events.send(
    new PutTargetsCommand({ Rule: Name, EventBusName: Name, Targets: [{ Id: 'heard', Arn }] }),
  );
  return url;
}

/** Takes what comes while a reader stays. */
async function readQueue(sqs: SQSClient, QueueUrl: string, expected: number): Promise<Reading> {
  const arrived: Arrived[] = [];
  const untilMs = performance.now() + READER_MS;
  do {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['SentTimestamp', 'MessageGroupId'],
      }),
    );
    for (const { MessageId = '', Body = '', MessageAttributes = {}, Attributes, ReceiptHandle } of Messages) {
      const attributes = Object.entries(MessageAttributes).map(([name, value]) => [
        name,
        value.StringValue ?? '',
      ]);
      arrived.push({
        id: MessageId,
        body: Body,
        attributes: Object.fromEntries(attributes),
        waitedMs: Date.now() - Number(Attributes?.SentTimestamp),
        groupId: Attributes?.MessageGroupId,
      });
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  } while (arrived.length < expected && performance.now() < untilMs);
  const held = new GetQueueAttributesCommand({
    QueueUrl,
    AttributeNames: ['ApproximateNumberOfMessagesDelayed'],
  });
  const { Attributes } = await sqs.send(held);
  return { arrived, held: Number(Attributes?.ApproximateNumberOfMessagesDelayed) };
}
