/** The content of the dead-letter queue, read without removing it. */
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { Clients } from './clients.ts';

export interface Refusal {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** One look. The messages stay visible to other readers. */
export async function readRefusals(clients: Clients, queueUrl: string): Promise<Refusal[]> {
  const { Messages = [] } = await clients.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 0,
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages.map(({ MessageId = '', Body = '', MessageAttributes = {} }) => ({
    messageId: MessageId,
    body: Body,
    attributes: Object.fromEntries(
      Object.entries(MessageAttributes).flatMap(([name, { StringValue }]) =>
        StringValue === undefined ? [] : [[name, StringValue]],
      ),
    ),
  }));
}
