/** The logs of programs, for what removes them. */
import {
  type CloudWatchLogsClient,
  DeleteLogStreamCommand,
  FilterLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';

export interface WorkerLogs {
  /** One that is not there any more is not an error. */
  remove(logStreamName: string): Promise<void>;
  /**
   * The streams of the sandboxes of Lambda in which a run has worked. A sandbox serves one tenant (`TenancyConfig` of
   * resources/functions.ts), so such a stream has no line of another.
   */
  streamsOf(run: LoggedRun): Promise<readonly string[]>;
}

export interface LoggedRun {
  readonly requestId: string;
  /** Lines of another time are not looked at. */
  readonly fromMs: number;
  readonly untilMs: number;
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

    async streamsOf({ requestId, fromMs, untilMs }) {
      const streams = new Set<string>();
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new FilterLogEventsCommand({
            logGroupName,
            // A phrase: the id in whichever field of a line. Only the run and its tenant know it.
            filterPattern: `"${requestId}"`,
            startTime: fromMs,
            endTime: untilMs,
            nextToken,
          }),
        );
        for (const { logStreamName } of page.events ?? [])
          if (logStreamName !== undefined) streams.add(logStreamName);
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return [...streams];
    },
  };
}
