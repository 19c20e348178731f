/** What programs printed, a page at a time: of a container's stream, or of a run among the others of a function. */
import {
  type CloudWatchLogsClient,
  FilterLogEventsCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { LogEvent, LogPosition } from '../../../domain/reading/log-page.ts';
import type { LogPlace } from '../../../domain/reading/log-place.ts';

export type LogPage =
  | {
      readonly kind: 'page';
      readonly events: readonly LogEvent[];
      /** Goes on after these. */
      readonly next: LogPosition;
      /** Nothing is behind them now; a program at work may print more. */
      readonly isAtEnd: boolean;
    }
  | { readonly kind: 'missing' }
  /** CloudWatch Logs does not know the position: it was made up, or it has expired. */
  | { readonly kind: 'position_unknown' };

/** One call of CloudWatch Logs, whose account may make few in a second. @throws when it does not answer */
export type ReadLogPage = (
  place: LogPlace,
  after: LogPosition | undefined,
  lines: number,
) => Promise<LogPage>;

export function logPages(client: CloudWatchLogsClient, logGroupName: string): ReadLogPage {
  return async (place, after, lines) => {
    try {
      if (place.kind === 'stream') return await ofStream(client, logGroupName, place, after, lines);
      return await ofRequest(client, logGroupName, place, after, lines);
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (name === 'ResourceNotFoundException') return { kind: 'missing' };
      if (name === 'InvalidParameterException' && after !== undefined) return { kind: 'position_unknown' };
      throw error;
    }
  };
}

type Stream = Extract<LogPlace, { kind: 'stream' }>;
type Run = Extract<LogPlace, { kind: 'request' }>;

async function ofStream(
  client: CloudWatchLogsClient,
  logGroupName: string,
  { name }: Stream,
  after: LogPosition | undefined,
  limit: number,
): Promise<LogPage> {
  const nextToken = after?.token;
  const { events = [], nextForwardToken } = await client.send(
    new GetLogEventsCommand({ logGroupName, logStreamName: name, nextToken, limit, startFromHead: true }),
  );
  const token = nextForwardToken ?? nextToken;
  return {
    kind: 'page',
    events: events.map(eventOf),
    // Without a token there is nothing to go on from, and the log is read again from its head.
    next: { token: token ?? 'f/0' },
    // The same token again is the end of what is there; an empty page alone is not.
    isAtEnd: events.length === 0 && token === nextToken,
  };
}

async function ofRequest(
  client: CloudWatchLogsClient,
  logGroupName: string,
  { requestId, fromMs }: Run,
  after: LogPosition | undefined,
  lines: number,
): Promise<LogPage> {
  const known = after !== undefined && 'from' in after ? after : undefined;
  // A position is its reader's word: none leads before the run.
  const from = Math.max(fromMs, known?.from ?? 0);
  const token = known?.token;
  // A new search begins at the newest time that was given, with the lines of that time that were.
  const again = token === undefined ? (known?.given ?? 0) : 0;
  const { events = [], nextToken } = await client.send(
    new FilterLogEventsCommand({
      logGroupName,
      // A phrase: the id in whichever field of a line.
      filterPattern: `"${requestId}"`,
      startTime: from,
      nextToken: token,
      limit: lines + again,
    }),
  );
  const found = events.map(eventOf);
  const isGiven = ({ atMs }: LogEvent, index: number) => index < again && atMs === known?.newest;
  const fresh = found.filter((event, index) => !isGiven(event, index));
  const newest = fresh.at(-1)?.atMs ?? known?.newest ?? from;
  const ofNewest = fresh.filter(({ atMs }) => atMs === newest).length;
  const given = Math.min(9000, ofNewest + (newest === known?.newest ? known.given : 0));
  const next =
    nextToken === undefined ? { from: newest, newest, given } : { from, newest, given, token: nextToken };
  return { kind: 'page', events: fresh, next, isAtEnd: nextToken === undefined };
}

const eventOf = ({
  timestamp: atMs = 0,
  message = '',
}: {
  timestamp?: number | undefined;
  message?: string | undefined;
}): LogEvent => ({
  atMs,
  message,
});
