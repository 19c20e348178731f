/** Sending to our own queues. */
import {
  type MessageAttributeValue,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { sendEntries } from './entries.ts';

export interface Outgoing {
  readonly body: string;
  readonly delaySeconds?: number | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** The tenant, for SQS's fair queues: a flood of one tenant is served after the messages of the others. */
  readonly groupId?: string | undefined;
}

export interface Queue {
  /**
   * Sends all it can; every receiver must expect a message twice.
   * @throws EntriesFailed, with the messages that may not have been sent; any other error means all of them
   */
  send(messages: readonly Outgoing[]): Promise<void>;
}

/** @see SQS API reference, SendMessageBatch: 10 entries and 1 MiB in all, delay at most 900 seconds */
const LIMITS = { entries: 10, bytes: 1_048_576, sizeOf };
export const MAX_DELAY_SECONDS = 900;

export function queue(client: SQSClient, queueUrl: string): Queue {
  return {
    send: (messages) =>
      sendEntries(messages, LIMITS, async (group) => {
        const Entries = group.map(entryOf);
        // The call reports refused entries inside a success.
        const { Failed = [] } = await client.send(
          new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }),
        );
        return Failed.flatMap(({ Id, Code }) =>
          group.slice(Number(Id), Number(Id) + 1).map((entry) => ({ entry, code: Code })),
        );
      }),
  };
}

function entryOf(message: Outgoing, i: number): SendMessageBatchRequestEntry {
  return {
    Id: String(i),
    MessageBody: message.body,
    DelaySeconds: Math.min(Math.max(0, Math.ceil(message.delaySeconds ?? 0)), MAX_DELAY_SECONDS),
    MessageAttributes: attributesOf(message.attributes ?? {}),
    MessageGroupId: message.groupId,
  };
}

/** With room for what the entry has beside its text. */
function sizeOf({ body, attributes = {} }: Outgoing): number {
  return Buffer.byteLength(body + Object.entries(attributes).flat().join('')) + 512;
}

function attributesOf(attributes: Readonly<Record<string, string>>): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
  );
}
