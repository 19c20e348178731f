/** Lines of one attempt from CloudWatch Logs: of a container's stream, or of a run among the others of a function. */
import {
  type CloudWatchLogsClient,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import { isEndOfRun, type LogPlace, printedBy } from '../../domain/reading/log-place.ts';

export interface LogLine {
  readonly atMs: number;
  readonly message: string;
}

export interface LogReader {
  /** @returns the lines since the last call; none of a log that does not exist yet */
  read(signal: AbortSignal): Promise<readonly LogLine[]>;
  /** Whether no line can follow; undefined where only the end of the attempt tells. */
  isComplete(): boolean | undefined;
}

export function logReader(client: CloudWatchLogsClient, group: string, place: LogPlace): LogReader {
  return place.kind === 'stream' ? ofStream(client, group, place.name) : ofRequest(client, group, place);
}

function ofStream(client: CloudWatchLogsClient, logGroupName: string, logStreamName: string): LogReader {
  let token: string | undefined;
  return {
    isComplete: () => undefined,
    async read(abortSignal) {
      const lines: LogLine[] = [];
      for (;;) {
        const command = new GetLogEventsCommand({
          logGroupName,
          logStreamName,
          nextToken: token,
          startFromHead: true,
        });
        const page = await client.send(command, { abortSignal }).catch(unlessMissing);
        for (const { timestamp: atMs = 0, message = '' } of page?.events ?? []) lines.push({ atMs, message });
        // The same token again is the end of what is there.
        if (page?.nextForwardToken === undefined || page.nextForwardToken === token) return lines;
        token = page.nextForwardToken;
      }
    },
  };
}

/** CloudWatch Logs may show a line later than one that came after it. */
const LATE_MS = 30_000;

function ofRequest(
  client: CloudWatchLogsClient,
  logGroupName: string,
  { requestId, fromMs }: Extract<LogPlace, { kind: 'request' }>,
): LogReader {
  const seen = new Set<string>();
  let newestMs = fromMs + LATE_MS;
  let complete = false;
  return {
    isComplete: () => complete,
    async read(abortSignal) {
      const lines: LogLine[] = [];
      let nextToken: string | undefined;
      do {
        const command = new FilterLogEventsCommand({
          logGroupName,
          // A phrase: the id in whichever field of a line.
          filterPattern: `"${requestId}"`,
          startTime: Math.max(fromMs, newestMs - LATE_MS),
          nextToken,
        });
        const page = await client.send(command, { abortSignal }).catch(unlessMissing);
        for (const { eventId = '', timestamp: atMs = 0, message = '' } of page?.events ?? []) {
          if (seen.has(eventId)) continue;
          seen.add(eventId);
          newestMs = Math.max(newestMs, atMs);
          complete ||= isEndOfRun(message);
          const printed = printedBy(message);
          if (printed !== undefined)
            lines.push(...printed.split('\n').map((line) => ({ atMs, message: line })));
        }
        nextToken = page?.nextToken;
      } while (nextToken !== undefined);
      return lines;
    },
  };
}

/** What has printed nothing has no stream yet, and a group without functions that ran may have none at all. */
function unlessMissing(error: unknown): undefined {
  if (error instanceof ResourceNotFoundException) return undefined;
  throw error;
}
