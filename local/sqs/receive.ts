/** Receiving: the answer of fauxqs, with what it leaves out and without what was not asked for. */
import * as z from 'zod';
import type { ReceivedMessage } from '../../node_modules/fauxqs/dist/sqs/sqsTypes.js';
import { ApiError } from '../aws.ts';
import type { Fauxqs } from './fauxqs.ts';
import { noteReceived, receiptFor } from './receipts.ts';

const SYSTEM_ATTRIBUTES = [
  'All',
  'ApproximateFirstReceiveTimestamp',
  'ApproximateReceiveCount',
  'AWSTraceHeader',
  'DeadLetterQueueSourceArn',
  'MessageDeduplicationId',
  'MessageGroupId',
  'SenderId',
  'SentTimestamp',
  'SequenceNumber',
];

const Names = z.array(z.string()).default([]);
const Request = z.object({
  QueueUrl: z.string().default(''),
  MessageSystemAttributeNames: Names,
  AttributeNames: Names,
  MessageAttributeNames: Names,
});

/** @param call fauxqs's own action */
export async function receive(fauxqs: Fauxqs, body: unknown, call: () => unknown): Promise<object> {
  const parsed = Request.safeParse(body);
  if (!parsed.success) throw new ApiError('SerializationException', z.prettifyError(parsed.error));
  const { QueueUrl, MessageSystemAttributeNames, AttributeNames, MessageAttributeNames } = parsed.data;
  const wanted = [...MessageSystemAttributeNames, ...AttributeNames];
  const unknown = wanted.find((name) => !SYSTEM_ATTRIBUTES.includes(name));
  if (unknown !== undefined) throw new ApiError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
  const answer = (await call()) as { Messages?: ReceivedMessage[] }; // as its ReceiveMessage returns it
  const queue = fauxqs.queues.getQueue(QueueUrl);
  for (const received of answer.Messages ?? []) {
    const held = queue?.inflightMessages.get(received.ReceiptHandle);
    if (held !== undefined) noteReceived(held);
    const { originArn, traceHeader } = held === undefined ? {} : fauxqs.notes.of(held.message);
    for (const [name, value] of Object.entries({
      DeadLetterQueueSourceArn: originArn,
      AWSTraceHeader: traceHeader,
    })) {
      if (value === undefined || !(wanted.includes('All') || wanted.includes(name))) continue;
      received.Attributes = { ...received.Attributes, [name]: value };
    }
    if (MessageAttributeNames.length === 0) {
      delete received.MessageAttributes;
      delete received.MD5OfMessageAttributes;
    }
    if (queue !== undefined) received.ReceiptHandle = receiptFor(queue, received.ReceiptHandle);
  }
  return answer;
}
