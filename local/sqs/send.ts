/** Sending: what SQS refuses of a message, and how one joins its queue. */
import * as z from 'zod';
import type { SqsQueue } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import type { SqsMessage } from '../../node_modules/fauxqs/dist/sqs/sqsTypes.js';
import { ApiError } from '../aws.ts';
import { checkBatch } from './batches.ts';
import { contentBasedDeduplicationId, createMessage } from './fauxqs.ts';
import type { MessageNotes } from './message-notes.ts';

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html */
const MAX_DELAY_SECONDS = 900;
const MAX_MESSAGE_ATTRIBUTES = 10;
const MAX_BATCH_BYTES = 1_048_576;
/** Letters, digits and punctuation: of ASCII, what is neither a blank nor a control character. */
const ID = /^[!-~]{1,128}$/;
const FORBIDDEN_TEXT = /[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

const AttributeValue = z.object({
  DataType: z.string(),
  StringValue: z.string().exactOptional(),
  BinaryValue: z.string().exactOptional(),
});
type AttributeValue = z.infer<typeof AttributeValue>;

export const Message = z.object({
  MessageBody: z.string().default(''),
  DelaySeconds: z.number().optional(),
  MessageGroupId: z.string().optional(),
  MessageDeduplicationId: z.string().optional(),
  MessageAttributes: z.record(z.string(), AttributeValue).default({}),
  MessageSystemAttributes: z.record(z.string(), AttributeValue).default({}),
});
export type Message = z.infer<typeof Message>;

export const Batch = z.object({ Entries: z.array(Message.extend({ Id: z.string() })).default([]) });

/** @throws ApiError for a message that SQS refuses */
export function send(notes: MessageNotes, queue: SqsQueue, message: Message): object {
  const fault = faultOf(queue, message);
  if (fault !== undefined) throw new ApiError(fault.Code, fault.Message);
  return enqueue(notes, queue, message);
}

/** A message that is refused fails alone. @throws ApiError for a batch that SQS refuses as a whole */
export function sendBatch(
  notes: MessageNotes,
  queue: SqsQueue,
  entries: readonly (Message & { Id: string })[],
): object {
  checkBatch(entries);
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
      .map((entry) => ({ Id: entry.Id, ...enqueue(notes, queue, entry) })),
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
const invalid = (message: string): Fault => ({ Code: 'InvalidParameterValue', Message: message });

function faultOf(queue: SqsQueue, message: Message): Fault | undefined {
  const { MessageBody } = message;
  if (MessageBody === '')
    return { Code: 'MissingParameter', Message: 'The request must contain the parameter MessageBody.' };
  if (FORBIDDEN_TEXT.test(MessageBody)) {
    return {
      Code: 'InvalidMessageContents',
      Message:
        'The message body has a character outside #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.',
    };
  }
  const maxBytes = Number(queue.getAttribute('MaximumMessageSize'));
  return (
    delayFault(queue, message) ??
    groupFault(queue, message) ??
    attributeFault(message) ??
    (sizeOf(message) > maxBytes
      ? invalid(`One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`)
      : undefined)
  );
}

const notForThisType = (parameter: string, value: unknown): Fault =>
  invalid(
    `Value ${value} for parameter ${parameter} is invalid. Reason: The request include parameter that is not valid for this queue type.`,
  );

function delayFault(queue: SqsQueue, { DelaySeconds = 0 }: Message): Fault | undefined {
  if (queue.isFifo() && DelaySeconds !== 0) return notForThisType('DelaySeconds', DelaySeconds);
  if (DelaySeconds >= 0 && DelaySeconds <= MAX_DELAY_SECONDS) return undefined;
  return invalid(
    `Value ${DelaySeconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${MAX_DELAY_SECONDS}.`,
  );
}

function groupFault(queue: SqsQueue, message: Message): Fault | undefined {
  const { MessageGroupId, MessageDeduplicationId } = message;
  for (const [parameter, value] of Object.entries({ MessageGroupId, MessageDeduplicationId })) {
    if (value === undefined || ID.test(value)) continue;
    return invalid(
      `Value ${value} for parameter ${parameter} is invalid. Reason: ${parameter} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    );
  }
  if (!queue.isFifo())
    return MessageDeduplicationId === undefined
      ? undefined
      : notForThisType('MessageDeduplicationId', MessageDeduplicationId);
  if (MessageGroupId === undefined)
    return { Code: 'MissingParameter', Message: 'The request must contain the parameter MessageGroupId.' };
  if (MessageDeduplicationId !== undefined || queue.getAttribute('ContentBasedDeduplication') === 'true')
    return undefined;
  return invalid(
    'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
  );
}

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html */
function attributeFault({ MessageAttributes, MessageSystemAttributes }: Message): Fault | undefined {
  const count = Object.keys(MessageAttributes).length;
  if (count > MAX_MESSAGE_ATTRIBUTES) {
    return invalid(
      `Number of message attributes [${count}] exceeds the allowed maximum [${MAX_MESSAGE_ATTRIBUTES}].`,
    );
  }
  for (const [name, value] of Object.entries(MessageAttributes)) {
    if (!/^(?!aws\.|amazon\.|\.)(?!.*\.\.)[\w.-]{1,256}(?<!\.)$/i.test(name))
      return invalid(`The message attribute name '${name}' is invalid.`);
    const fault = valueFault(name, value);
    if (fault !== undefined) return fault;
  }
  for (const [name, { DataType }] of Object.entries(MessageSystemAttributes)) {
    if (name !== 'AWSTraceHeader') return invalid(`Message system attribute name '${name}' is invalid.`);
    if (DataType !== 'String')
      return invalid(`The message system attribute '${name}' must have a DataType of String.`);
  }
  return undefined;
}

function valueFault(name: string, { DataType, StringValue, BinaryValue }: AttributeValue): Fault | undefined {
  const [, type] = /^(String|Number|Binary)(?:\..+)?$/.exec(DataType) ?? [];
  if (type === undefined || DataType.length > 256)
    return invalid(
      `The type of message (user) attribute '${name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String.`,
    );
  const value = type === 'Binary' ? BinaryValue : StringValue;
  if (value === undefined || value === '')
    return invalid(
      `Message (user) attribute '${name}' must contain a non-empty value of type '${type === 'Binary' ? 'Binary' : 'String'}'.`,
    );
  if (type === 'Number' && (value.trim() === '' || !Number.isFinite(Number(value))))
    return invalid(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  return undefined;
}

function sizeOf({ MessageBody, MessageAttributes }: Message): number {
  return Object.entries(MessageAttributes).reduce(
    (sum, [name, { DataType, StringValue = '', BinaryValue = '' }]) =>
      sum + Buffer.byteLength(name + DataType + StringValue) + Buffer.byteLength(BinaryValue, 'base64'),
    Buffer.byteLength(MessageBody),
  );
}

function enqueue(notes: MessageNotes, queue: SqsQueue, asked: Message): object {
  const { MessageBody, MessageAttributes, DelaySeconds, MessageGroupId } = asked;
  const delaySeconds = DelaySeconds ?? Number(queue.getAttribute('DelaySeconds'));
  const message = createMessage(MessageBody, MessageAttributes, delaySeconds || undefined, MessageGroupId);
  const earlier = queue.isFifo() ? sequence(queue, asked, message) : undefined;
  if (earlier !== undefined) return answerTo({ ...message, ...earlier });
  queue.enqueue(message);
  const traceHeader = asked.MessageSystemAttributes['AWSTraceHeader']?.StringValue;
  if (traceHeader !== undefined) notes.record(message, { traceHeader });
  return answerTo(message);
}

/**
 * Gives a message of a FIFO queue its number.
 * @returns the one that was sent in the last five minutes with the same deduplication id, if any
 */
function sequence(
  queue: SqsQueue,
  { MessageBody, MessageDeduplicationId, MessageGroupId = '' }: Message,
  message: SqsMessage,
): Pick<SqsMessage, 'messageId' | 'sequenceNumber'> | undefined {
  const id = MessageDeduplicationId ?? contentBasedDeduplicationId(MessageBody);
  const scope = queue.getAttribute('DeduplicationScope') === 'messageGroup' ? `${MessageGroupId} ` : '';
  const { originalMessageId, originalSequenceNumber: sequenceNumber } = queue.checkDeduplication(scope + id);
  if (originalMessageId !== undefined)
    return { messageId: originalMessageId, ...(sequenceNumber !== undefined && { sequenceNumber }) };
  message.messageDeduplicationId = id;
  message.sequenceNumber = queue.nextSequenceNumber();
  queue.recordDeduplication(scope + id, message.messageId, message.sequenceNumber);
  return undefined;
}

function answerTo({ messageId, md5OfBody, md5OfMessageAttributes, sequenceNumber }: SqsMessage): object {
  return {
    MessageId: messageId,
    MD5OfMessageBody: md5OfBody,
    ...(md5OfMessageAttributes && { MD5OfMessageAttributes: md5OfMessageAttributes }),
    ...(sequenceNumber !== undefined && { SequenceNumber: sequenceNumber }),
  };
}
