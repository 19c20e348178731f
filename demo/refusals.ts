/** The content of the dead-letter queue, read without removing it. */
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import type { Clients } from './clients.ts';

export interface Refusal {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * One look. The messages stay visible to other readers.
 *
 * @param waitSeconds how long to wait for the first one, up to 20
 */
export async function readRefusals(
  clients: Clients,
  queueUrl: string,
  { waitSeconds, signal }: { readonly waitSeconds: number; readonly signal?: AbortSignal } = {
    waitSeconds: 0,
  },
): Promise<Refusal[]> {
  const receive = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: 10,
    VisibilityTimeout: 0,
    WaitTimeSeconds: waitSeconds,
    MessageAttributeNames: ['All'],
  });
  const { Messages = [] } = await clients.sqs.send(receive, {
    requestTimeout: 30_000,
    ...(signal !== undefined && { abortSignal: signal }),
  });
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
