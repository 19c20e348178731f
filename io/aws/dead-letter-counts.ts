/** How many dead letters the queues of a stack have. SQS tells about how many: it counts on many machines, a moment late. */
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** @param urls of dead-letter queues, by the name of the queue that each belongs to */
export function deadLetterCounts(client: SQSClient, urls: Readonly<Record<string, string>>) {
  return (): Promise<{ queue: string; count: number }[]> =>
    Promise.all(
      Object.entries(urls).map(async ([queue, QueueUrl]) => {
        const { Attributes = {} } = await client.send(
          new GetQueueAttributesCommand({
            QueueUrl,
            AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
          }),
        );
        const count =
          Number(Attributes['ApproximateNumberOfMessages'] ?? 0) +
          Number(Attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0);
        return { queue, count };
      }),
    );
}
