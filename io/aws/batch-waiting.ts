/** What AWS Batch does with jobs that wait in it: their queues, and an end for those that no container has started. */
import {
  type BatchClient,
  CancelJobCommand,
  DescribeComputeEnvironmentsCommand,
  DescribeJobQueuesCommand,
} from '@aws-sdk/client-batch';
import type { QueueFacts } from '../../domain/batch/stuck.ts';

export interface BatchWaiting {
  /** undefined for a queue that AWS Batch does not know. */
  describeQueue(jobQueue: string): Promise<QueueFacts | undefined>;
  /**
   * Ends a Batch job that waits; one that has begun to start goes on, without an error.
   * @see AWS Batch API reference, CancelJob
   */
  cancelWaiting(runId: string, reason: string): Promise<void>;
}

export function batchWaiting(client: BatchClient): BatchWaiting {
  return {
    async describeQueue(jobQueue) {
      const { jobQueues = [] } = await client.send(new DescribeJobQueuesCommand({ jobQueues: [jobQueue] }));
      const [queue] = jobQueues;
      if (queue === undefined) return undefined;
      const arns = (queue.computeEnvironmentOrder ?? []).flatMap(
        ({ computeEnvironment = [] }) => computeEnvironment,
      );
      const { computeEnvironments = [] } = await client.send(
        new DescribeComputeEnvironmentsCommand({ computeEnvironments: arns }),
      );
      return {
        name: queue.jobQueueName ?? jobQueue,
        state: queue.state ?? '',
        status: queue.status ?? '',
        environments: computeEnvironments.map((each) => ({
          name: each.computeEnvironmentName ?? '',
          state: each.state ?? '',
          status: each.status ?? '',
          statusReason: each.statusReason,
          maxVcpus: each.computeResources?.maxvCpus,
        })),
      };
    },
    async cancelWaiting(runId, reason) {
      await client.send(new CancelJobCommand({ jobId: runId, reason }));
    },
  };
}
