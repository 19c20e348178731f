/** The event that Lambda gives a function for messages of a queue, and the messages that its answer deletes. */
import * as z from 'zod';
import type { InvokeResult } from './function.ts';

interface MessageAttribute {
  readonly DataType?: string | undefined;
  readonly StringValue?: string | undefined;
  /** In base64. */
  readonly BinaryValue?: string | undefined;
}

/** As SQS answers ReceiveMessage in its JSON protocol. */
export interface Message {
  readonly MessageId?: string | undefined;
  readonly ReceiptHandle?: string | undefined;
  readonly Body?: string | undefined;
  readonly Attributes?: Readonly<Record<string, string>> | undefined;
  readonly MessageAttributes?: Readonly<Record<string, MessageAttribute>> | undefined;
  readonly MD5OfBody?: string | undefined;
  readonly MD5OfMessageAttributes?: string | undefined;
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
export function sqsEvent(messages: readonly Message[], queueArn: string, region: string): object {
  return {
    Records: messages.map((message) => ({
      messageId: message.MessageId,
      receiptHandle: message.ReceiptHandle,
      body: message.Body,
      attributes: message.Attributes ?? {},
      messageAttributes: Object.fromEntries(
        Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, attribute(value)]),
      ),
      md5OfBody: message.MD5OfBody,
      md5OfMessageAttributes: message.MD5OfMessageAttributes,
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn,
      awsRegion: region,
    })),
  };
}

function attribute(value: MessageAttribute): object {
  return {
    stringValue: value.StringValue,
    binaryValue: value.BinaryValue,
    stringListValues: [],
    binaryListValues: [],
    dataType: value.DataType,
  };
}

const BatchResponse = z
  .object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).nullish() })
  .nullish();

export interface Verdict {
  /** The messages to delete; the others return when their visibility timeout ends. */
  readonly done: readonly Message[];
  /** Set when the function believes it reported failures, and Lambda cannot read its answer. */
  readonly problem?: string;
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting */
export function judge(messages: readonly Message[], result: InvokeResult, reportsFailures: boolean): Verdict {
  if (result.outcome === 'failed') return { done: [] };
  if (!reportsFailures) return { done: messages };
  const response = BatchResponse.safeParse(result.payload);
  if (!response.success) return { done: [], problem: 'its answer is no list of batchItemFailures' };
  const failed = new Set(response.data?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier));
  const done = messages.filter(({ MessageId = '' }) => !failed.delete(MessageId));
  if (failed.size > 0) return { done: [], problem: 'it reported a message that is not in the batch' };
  return { done };
}
