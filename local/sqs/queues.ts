/** SQS: the actions of fauxqs, and our own where fauxqs 2.4.1 differs from AWS in what it accepts or refuses. */
import * as z from 'zod';
import type { SqsQueue } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import type { ReceivedMessage } from '../../node_modules/fauxqs/dist/sqs/sqsTypes.js';
import { ApiError, type ApiRequest, type ApiResponse } from '../aws.ts';
import { sourcesOf } from './dead-letters.ts';
import { createMessage, type Fauxqs, sqsActions } from './fauxqs.ts';
import { CancelRequest, ListRequest, type MoveTasks, StartRequest } from './move-tasks.ts';

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const MAX_DELAY_SECONDS = 900;
const MAX_MESSAGE_ATTRIBUTES = 10;
const MAX_BATCH_BYTES = 1_048_576;
/** Letters, digits and punctuation: of ASCII, what is neither a blank nor a control character. */
const GROUP_ID = /^[!-~]{1,128}$/;
const FORBIDDEN_TEXT = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

const Message = z.object({
  MessageBody: z.string().default(''),
  DelaySeconds: z.number().optional(),
  MessageGroupId: z.string().optional(),
  MessageAttributes: z
    .record(
      z.string(),
      z.object({
        DataType: z.string(),
        StringValue: z.string().exactOptional(),
        BinaryValue: z.string().exactOptional(),
      }),
    )
    .default({}),
});
type Message = z.infer<typeof Message>;

const Batch = z.object({ Entries: z.array(Message.extend({ Id: z.string() })).default([]) });

/** fauxqs's SqsError, recognised by its shape because its class is private. */
const Refusal = z.object({ code: z.string(), message: z.string(), statusCode: z.number() });

const OURS: Record<string, (fauxqs: Fauxqs, queue: SqsQueue, body: Record<string, unknown>) => unknown> = {
  SendMessage: (_, queue, body) => send(queue, parse(Message, body)),
  SendMessageBatch: (_, queue, body) => sendBatch(queue, parse(Batch, body).Entries),
  ListDeadLetterSourceQueues: (fauxqs, queue) => ({
    queueUrls: sourcesOf(fauxqs.queues, queue.arn).map((source) => source.url),
  }),
};

const MOVES: Record<string, (tasks: MoveTasks, body: Record<string, unknown>) => object> = {
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
  send(queue, {
    MessageBody: body,
    MessageGroupId: groupId,
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
    ),
  });
}

/** One SQS call in the JSON protocol. */
export async function handleQueueCall(fauxqs: Fauxqs, request: ApiRequest): Promise<ApiResponse> {
  const name = request.headers['x-amz-target']?.split('.')[1] ?? '';
  try {
    return { status: 200, body: await run(fauxqs, name, request) };
  } catch (error) {
    const refusal = Refusal.safeParse(error);
    if (!refusal.success) throw error;
    throw new ApiError(refusal.data.code, refusal.data.message, refusal.data.statusCode);
  }
}

function run(fauxqs: Fauxqs, name: string, request: ApiRequest): unknown {
  const body = { ...request.body };
  const moves = Object.hasOwn(MOVES, name) ? MOVES[name] : undefined;
  if (moves !== undefined) return moves(fauxqs.moveTasks, body);
  const queue = typeof body['QueueUrl'] === 'string' ? fauxqs.queues.getQueue(body['QueueUrl']) : undefined;
  // fauxqs counts a message whose delay or visibility ended as hidden until the next receive.
  if (name === 'GetQueueAttributes') queue?.processTimers();
  const ours = Object.hasOwn(OURS, name) ? OURS[name] : undefined;
  if (ours !== undefined && queue !== undefined && !(queue.isFifo() && sqsActions.has(name))) {
    return fauxqs.atomically(() => ours(fauxqs, queue, body));
  }
  const theirs = sqsActions.get(name);
  if (theirs === undefined) {
    if (ours !== undefined) throw new ApiError('QueueDoesNotExist', 'The specified queue does not exist.');
    const names = [...new Set([...sqsActions.keys(), ...Object.keys(OURS), ...Object.keys(MOVES)])];
    throw new ApiError(
      'InvalidAction',
      `The embedded SQS does not have ${name || 'a call without X-Amz-Target'}; it has ${names.join(', ')}.`,
    );
  }
  const call = () => theirs(body, fauxqs.queues, { headers: request.headers });
  // A receive may wait, and a transaction must not: the store makes its own around each attempt.
  return name === 'ReceiveMessage' ? receive(fauxqs, queue, body, call) : fauxqs.atomically(call);
}

const ReceiveRequest = z.object({
  MessageSystemAttributeNames: z.array(z.string()).default([]),
  AttributeNames: z.array(z.string()).default([]),
});

/** The answer of fauxqs, with the origin of each dead letter. */
async function receive(fauxqs: Fauxqs, queue: SqsQueue | undefined, body: unknown, call: () => unknown) {
  const { MessageSystemAttributeNames, AttributeNames } = parse(ReceiveRequest, body);
  const wanted = [...MessageSystemAttributeNames, ...AttributeNames];
  const answer = (await call()) as { Messages?: ReceivedMessage[] }; // as its ReceiveMessage returns it
  if (!wanted.includes('All') && !wanted.includes('DeadLetterQueueSourceArn')) return answer;
  for (const received of answer.Messages ?? []) {
    const held = queue?.inflightMessages.get(received.ReceiptHandle);
    const originArn = held && fauxqs.origins.of(held.message);
    if (originArn === undefined) continue;
    received.Attributes = { ...received.Attributes, DeadLetterQueueSourceArn: originArn };
  }
  return answer;
}

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new ApiError('SerializationException', z.prettifyError(parsed.error));
  return parsed.data;
}

function send(queue: SqsQueue, message: Message): object {
  const fault = faultOf(queue, message);
  if (fault !== undefined) throw new ApiError(fault.Code, fault.Message);
  return enqueue(queue, message);
}

function sendBatch(queue: SqsQueue, entries: readonly (Message & { Id: string })[]): object {
  if (entries.length === 0) {
    throw new ApiError('EmptyBatchRequest', "The batch request doesn't contain any entries.");
  }
  if (entries.length > 10) {
    throw new ApiError('TooManyEntriesInBatchRequest', 'Maximum number of entries per request are 10.');
  }
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) {
    throw new ApiError(
      'BatchEntryIdsNotDistinct',
      'Two or more batch entries in the request have the same Id.',
    );
  }
  const unfit = entries.find(({ Id }) => !/^[\w-]{1,80}$/.test(Id));
  if (unfit !== undefined) {
    throw new ApiError(
      'InvalidBatchEntryId',
      `The batch entry id ${JSON.stringify(unfit.Id)} is not 1 to 80 of A-Z, a-z, 0-9, _ and -.`,
    );
  }
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (bytes > MAX_BATCH_BYTES) {
    throw new ApiError(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes; this one has ${bytes}.`,
    );
  }
  const faults = entries.map((entry) => faultOf(queue, entry));
  return {
    Successful: entries
      .filter((_, index) => faults[index] === undefined)
      .map((entry) => ({ Id: entry.Id, ...enqueue(queue, entry) })),
    Failed: entries.flatMap(({ Id }, index) => {
      const fault = faults[index];
      return fault === undefined ? [] : [{ Id, SenderFault: true, ...fault }];
    }),
  };
}

interface Fault {
  readonly Code: string;
  readonly Message: string;
}

function faultOf(queue: SqsQueue, message: Message): Fault | undefined {
  const { MessageBody, DelaySeconds = 0, MessageAttributes, MessageGroupId } = message;
  const attributes = Object.keys(MessageAttributes).length;
  const maxBytes = Number(queue.getAttribute('MaximumMessageSize'));
  if (MessageBody === '') {
    return { Code: 'MissingParameter', Message: 'The request must contain the parameter MessageBody.' };
  }
  if (FORBIDDEN_TEXT.test(MessageBody)) {
    return {
      Code: 'InvalidMessageContents',
      Message:
        'The message body has a character outside #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.',
    };
  }
  if (DelaySeconds < 0 || DelaySeconds > MAX_DELAY_SECONDS) {
    return invalid(
      `Value ${DelaySeconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${MAX_DELAY_SECONDS}.`,
    );
  }
  if (MessageGroupId !== undefined && !GROUP_ID.test(MessageGroupId)) {
    return invalid(
      `Value ${MessageGroupId} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    );
  }
  if (attributes > MAX_MESSAGE_ATTRIBUTES) {
    return invalid(
      `Number of message attributes [${attributes}] exceeds the allowed maximum [${MAX_MESSAGE_ATTRIBUTES}].`,
    );
  }
  if (sizeOf(message) > maxBytes) {
    return invalid(
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`,
    );
  }
  return undefined;
}

const invalid = (message: string): Fault => ({ Code: 'InvalidParameterValue', Message: message });

function sizeOf({ MessageBody, MessageAttributes }: Message): number {
  return Object.entries(MessageAttributes).reduce(
    (sum, [name, { DataType, StringValue = '', BinaryValue = '' }]) =>
      sum + Buffer.byteLength(name + DataType + StringValue) + Buffer.byteLength(BinaryValue, 'base64'),
    Buffer.byteLength(MessageBody),
  );
}

function enqueue(queue: SqsQueue, { MessageBody, MessageAttributes, DelaySeconds, MessageGroupId }: Message) {
  const delaySeconds = DelaySeconds ?? Number(queue.getAttribute('DelaySeconds'));
  const message = createMessage(MessageBody, MessageAttributes, delaySeconds || undefined, MessageGroupId);
  queue.enqueue(message);
  return {
    MessageId: message.messageId,
    MD5OfMessageBody: message.md5OfBody,
    ...(message.md5OfMessageAttributes && { MD5OfMessageAttributes: message.md5OfMessageAttributes }),
  };
}
