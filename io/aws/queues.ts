/** Sending to our own queues. */
import { type MessageAttributeValue, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';

export interface Outgoing {
  readonly body: string;
  readonly delaySeconds?: number | undefined;
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** The tenant, for SQS's fair queues: a flood of one tenant is served after the messages of the others. */
  readonly groupId?: string | undefined;
}

export interface Queue {
  /**
   * Sends all or throws. After a throw some may have been sent, so each receiver must accept a message more than
   * once.
   */
  send(messages: readonly Outgoing[]): Promise<void>;
}

/** @see SQS API reference, SendMessageBatch: 10 entries and 1 MiB in all, delay at most 900 seconds */
const MAX_ENTRIES = 10;
const MAX_CALL_BYTES = 1_048_576;
export const MAX_DELAY_SECONDS = 900;

export function queue(client: SQSClient, queueUrl: string): Queue {
  return {
    async send(messages) {
      for (const group of callsOf(messages)) {
        const Entries = group.map((message, i) => ({
          Id: String(i),
          MessageBody: message.body,
          DelaySeconds: Math.min(Math.max(0, Math.ceil(message.delaySeconds ?? 0)), MAX_DELAY_SECONDS),
          MessageAttributes: attributesOf(message.attributes ?? {}),
          MessageGroupId: message.groupId,
        }));
        const { Failed = [] } = await client.send(
          new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }),
        );
        // The call reports refused entries inside a success.
        if (Failed.length > 0) throw new Error(`SQS refused ${Failed.length} messages: ${Failed[0]?.Code}`);
      }
    },
  };
}

/** As few calls as the limits on entries and bytes allow. */
function callsOf(messages: readonly Outgoing[]): Outgoing[][] {
  const calls: Outgoing[][] = [];
  let bytes = MAX_CALL_BYTES;
  for (const message of messages) {
    const size =
      Buffer.byteLength(
        message.body +
          Object.entries(message.attributes ?? {})
            .flat()
            .join(''),
      ) + 512;
    bytes += size;
    const last = calls.at(-1);
    if (last === undefined || last.length === MAX_ENTRIES || bytes > MAX_CALL_BYTES) {
      calls.push([message]);
      bytes = size;
    } else {
      last.push(message);
    }
  }
  return calls;
}

function attributesOf(attributes: Readonly<Record<string, string>>): Record<string, MessageAttributeValue> {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
  );
}
