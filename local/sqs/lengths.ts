/** What CloudWatch measures of queues, at the moment at which its numbers are read. */
import type { Measurement } from '../metrics/emf.ts';
import type { Fauxqs } from './fauxqs.ts';

const VISIBLE = 'ApproximateNumberOfMessages';

export function queueLengths({ queues }: Fauxqs, atMs: number): Measurement[] {
  return [...queues.allQueues()].map((queue) => {
    // fauxqs counts a message whose delay or visibility ended as hidden until the next receive.
    queue.processTimers();
    return {
      namespace: 'AWS/SQS',
      name: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: queue.name },
      values: [Number(queue.getAllAttributes([VISIBLE])[VISIBLE] ?? 0)],
      atMs,
    };
  });
}
