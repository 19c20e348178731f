/** The last lines of a log stream, for the row of a failed job. */
import { type CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';

/** @throws when CloudWatch Logs does not answer, or has no such stream */
export type LogTail = (logStreamName: string, lines: number) => Promise<readonly string[]>;

export function logTail(client: CloudWatchLogsClient, logGroupName: string): LogTail {
  return async (logStreamName, limit) => {
    const command = new GetLogEventsCommand({ logGroupName, logStreamName, limit, startFromHead: false });
    const { events = [] } = await client.send(command);
    return events.flatMap(({ message }) => message ?? []);
  };
}
