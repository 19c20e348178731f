/** The logs of containers, for the operation that erases a tenant. */
import {
  type CloudWatchLogsClient,
  DeleteLogStreamCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';

export interface WorkerLogs {
  /** One that is not there any more is not an error. */
  remove(logStreamName: string): Promise<void>;
}

export function workerLogs(client: CloudWatchLogsClient, logGroupName: string): WorkerLogs {
  return {
    async remove(logStreamName) {
      try {
        await client.send(new DeleteLogStreamCommand({ logGroupName, logStreamName }));
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }
    },
  };
}
