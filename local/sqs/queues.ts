/** SQS: the actions of fauxqs, and our own where fauxqs 2.4.1 differs from AWS in what it accepts or refuses. */
import * as z from 'zod';
import type { SqsQueue } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { ACCOUNT_ID, ApiError, type ApiRequest, type ApiResponse } from '../aws.ts';
import { type Fauxqs, sqsActions } from './fauxqs.ts';
import { sourcesOf } from './message-notes.ts';
import { CancelRequest, ListRequest, type MoveTasks, StartRequest } from './move-tasks.ts';
import { checkOwner, checkTags, listQueues } from './queue-listing.ts';
import { checkAttributes, checkName, checkReadable } from './queue-rules.ts';
import { changeVisibility, deleteMessage, each, requests } from './receipts.ts';
import { receive } from './receive.ts';
import { Batch, Message, send, sendBatch } from './send.ts';

/** fauxqs's SqsError, recognised by its shape because its class is private. */
const Refusal = z.object({ code: z.string(), message: z.string(), statusCode: z.number() });

type Body = Readonly<Record<string, unknown>>;

/** Of a queue that exists. */
const ON_QUEUE: Record<string, (fauxqs: Fauxqs, queue: SqsQueue, body: Body) => unknown> = {
  SendMessage: ({ notes }, queue, body) => send(notes, queue, parse(Message, body)),
  SendMessageBatch: ({ notes }, queue, body) => sendBatch(notes, queue, parse(Batch, body).Entries),
  DeleteMessage: (_, queue, body) => deleteMessage(queue, parse(requests.DeleteMessage, body)),
  DeleteMessageBatch: (_, queue, body) =>
    each(parse(requests.DeleteMessageBatch, body).Entries, (entry) => deleteMessage(queue, entry)),
  ChangeMessageVisibility: (_, queue, body) =>
    changeVisibility(queue, parse(requests.ChangeMessageVisibility, body)),
  ChangeMessageVisibilityBatch: (_, queue, body) =>
    each(parse(requests.ChangeMessageVisibilityBatch, body).Entries, (entry) =>
      changeVisibility(queue, entry),
    ),
  GetQueueAttributes(_, queue, body) {
    const { AttributeNames } = parse(GetAttributes, body);
    checkReadable(AttributeNames);
    // fauxqs counts a message whose delay or visibility ended as hidden until the next receive.
    queue.processTimers();
    return { Attributes: queue.getAllAttributes(AttributeNames) };
  },
  ListDeadLetterSourceQueues: ({ queues }, queue) => ({
    queueUrls: sourcesOf(queues, queue.arn).map((source) => source.url),
  }),
  PurgeQueue({ recent }, queue) {
    recent.purge(queue.name);
    queue.purge();
    return {};
  },
};

const GetAttributes = z.object({ AttributeNames: z.array(z.string()).default([]) });
const Attributes = z.record(z.string(), z.string()).default({});
const CreateQueue = z.object({ QueueName: z.string(), Attributes, tags: z.unknown().optional() });
const SetAttributes = z.object({ QueueUrl: z.string(), Attributes });

/** What is refused before fauxqs does the rest, and what is noted after it. */
const AROUND: Record<
  string,
  (fauxqs: Fauxqs, body: Body, theirs: (body?: Body) => unknown, region: string) => unknown
> = {
  CreateQueue(fauxqs, body, theirs, region) {
    const { QueueName, Attributes: attributes, tags } = parse(CreateQueue, body);
    checkName(QueueName, attributes);
    fauxqs.recent.create(QueueName);
    const queue = {
      arn: `arn:aws:sqs:${region}:${ACCOUNT_ID}:${QueueName}`,
      isFifo: QueueName.endsWith('.fifo'),
    };
    checkAttributes(attributes, queue, fauxqs.queues);
    checkTags(tags);
    return theirs();
  },
  SetQueueAttributes(fauxqs, body, theirs) {
    const { QueueUrl, Attributes: attributes } = parse(SetAttributes, body);
    const queue = fauxqs.queues.getQueue(QueueUrl);
    if (queue === undefined) return theirs();
    checkAttributes(attributes, { ...queue, isFifo: queue.isFifo() }, fauxqs.queues);
    // fauxqs can set these two only when it makes a queue.
    const { DeduplicationScope, FifoThroughputLimit, ...others } = attributes;
    const answer = theirs({ ...body, Attributes: others });
    const own = Object.entries({ DeduplicationScope, FifoThroughputLimit }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    if (own.length > 0) queue.setAttributes(Object.fromEntries(own));
    return answer;
  },
  ListQueues: (_, body, theirs) => listQueues(body, theirs),
  GetQueueUrl(_, body, theirs) {
    checkOwner(body);
    return theirs();
  },
  TagQueue({ queues }, body, theirs) {
    checkTags(body['Tags'], queues.getQueue(String(body['QueueUrl'])));
    return theirs();
  },
  DeleteQueue(fauxqs, body, theirs) {
    const queue = fauxqs.queues.getQueue(String(body['QueueUrl']));
    const answer = theirs();
    if (queue !== undefined) fauxqs.recent.deleted(queue.name);
    return answer;
  },
};

const MOVES: Record<string, (tasks: MoveTasks, body: Body) => object> = {
  StartMessageMoveTask: (tasks, body) => tasks.start(parse(StartRequest, body)),
  ListMessageMoveTasks: (tasks, body) => tasks.list(parse(ListRequest, body)),
  CancelMessageMoveTask: (tasks, body) => tasks.cancel(parse(CancelRequest, body)),
};

/**
 * A message from another service of this cloud.
 *
 * @param attributes sent as message attributes of type String
 * @throws ApiError when there is no such queue, or as SendMessage does
 */
export function sendTo(
  fauxqs: Fauxqs,
  queueArn: string,
  message: {
    readonly body: string;
    readonly attributes?: Readonly<Record<string, string>> | undefined;
    readonly groupId?: string | undefined;
  },
): void {
  const queue = fauxqs.queues.getQueueByArn(queueArn);
  if (queue === undefined) throw new ApiError('QueueDoesNotExist', `There is no queue ${queueArn}.`);
  const { body, attributes = {}, groupId } = message;
  const MessageAttributes = Object.fromEntries(
    Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
  );
  send(fauxqs.notes, queue, {
    MessageBody: body,
    MessageGroupId: groupId,
    MessageAttributes,
    MessageSystemAttributes: {},
  });
}

/** One SQS call in the JSON protocol. */
export async function handleQueueCall(fauxqs: Fauxqs, request: ApiRequest): Promise<ApiResponse> {
  const name = request.headers['x-amz-target']?.split('.')[1] ?? '';
  try {
    return { status: 200, body: await run(fauxqs, name, request) };
  } catch (error) {
    const refusal = Refusal.safeParse(error);
    if (refusal.success) return refused(refusal.data.code, refusal.data.message, refusal.data.statusCode);
    if (error instanceof ApiError) return refused(error.name, error.message, error.status);
    throw error;
  }
}

/** Codes of the older query protocol that differ from the names of today, by those. boto3 shows them to this day. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  QueueNameExists: 'QueueAlreadyExists',
  ...Object.fromEntries(
    [
      'BatchEntryIdsNotDistinct',
      'BatchRequestTooLong',
      'EmptyBatchRequest',
      'InvalidBatchEntryId',
      'MessageNotInflight',
      'PurgeQueueInProgress',
      'QueueDeletedRecently',
      'TooManyEntriesInBatchRequest',
      'UnsupportedOperation',
    ].map((name) => [name, `AWS.SimpleQueueService.${name}`]),
  ),
};

function refused(name: string, message: string, status: number): ApiResponse {
  return {
    status,
    headers: { 'x-amzn-query-error': `${QUERY_CODES[name] ?? name};Sender` },
    body: { __type: name, message },
  };
}

function run(fauxqs: Fauxqs, name: string, request: ApiRequest): unknown {
  const body = { ...request.body };
  const moves = own(MOVES, name);
  if (moves !== undefined) return moves(fauxqs.moveTasks, body);
  const onQueue = own(ON_QUEUE, name);
  if (onQueue !== undefined) {
    const queue = fauxqs.queues.getQueue(String(body['QueueUrl'] ?? ''));
    if (queue === undefined) throw new ApiError('QueueDoesNotExist', 'The specified queue does not exist.');
    return fauxqs.atomically(() => onQueue(fauxqs, queue, body));
  }
  const theirs = sqsActions.get(name);
  if (theirs === undefined) {
    const names = new Set([...sqsActions.keys(), ...Object.keys(ON_QUEUE), ...Object.keys(MOVES)]);
    throw new ApiError(
      'InvalidAction',
      `The embedded SQS does not have ${name || 'a call without X-Amz-Target'}; it has ${[...names].join(', ')}.`,
    );
  }
  const call = (given: Body = body) => theirs({ ...given }, fauxqs.queues, { headers: request.headers });
  // A receive may wait, and a transaction must not: the store makes its own around each attempt.
  if (name === 'ReceiveMessage') return receive(fauxqs, body, call);
  const around = own(AROUND, name);
  return fauxqs.atomically(() =>
    around === undefined ? call() : around(fauxqs, body, call, regionOf(request)),
  );
}

/** Of the credential scope, of which fauxqs makes the ARN of a queue. */
function regionOf({ headers }: ApiRequest): string {
  return /Credential=[^/]+\/\d{8}\/([^/]+)\//.exec(headers['authorization'] ?? '')?.[1] ?? 'us-east-1';
}

function own<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new ApiError('SerializationException', z.prettifyError(parsed.error));
  return parsed.data;
}
