/** The calls of a poller by the SDK over HTTP, for tests in which queues go away and come back. */
import {
  DeleteMessageBatchCommand,
  type DeleteMessageBatchCommandInput,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { QueueCalls } from '../../../local/lambda/host.ts';

export function sdkQueues(sqs: SQSClient): QueueCalls {
  return {
    async receive(input, signal) {
      // What a poller asks for are members of the API.
      const request = new ReceiveMessageCommand(input as unknown as ReceiveMessageCommandInput);
      const { Messages = [] } = await sqs.send(request, { abortSignal: signal });
      return {
        Messages: Messages.map((message) => ({
          ...message,
          MessageAttributes: Object.fromEntries(
            Object.entries(message.MessageAttributes ?? {}).map(([name, { BinaryValue, ...rest }]) => [
              name,
              { ...rest, ...(BinaryValue && { BinaryValue: Buffer.from(BinaryValue).toString('base64') }) },
            ]),
          ),
        })),
      };
    },
    remove: (input) =>
      sqs.send(new DeleteMessageBatchCommand(input as unknown as DeleteMessageBatchCommandInput)),
  };
}
