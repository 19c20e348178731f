/** CloudWatch Logs, as far as it takes to read what containers print, and to delete it. Only the containers write. */
import type { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { ACCOUNT_ID, ApiError, type ApiRequest, type ApiResponse } from '../aws.ts';
import { compileFilterPattern } from './filter-pattern.ts';
import { type LogEvent, type LogStore, openLogStore, type Range, type StreamRow } from './store.ts';

export interface Logs {
  /** Answers `Logs_20140328.*` calls. */
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** Makes the group and the stream, if they are not there. */
  open(group: string, stream: string): void;
  /** One event; its time is now. */
  write(group: string, stream: string, message: string): void;
  /** Stores what was written last. The database belongs to the caller. */
  close(): void;
}

export interface LogsOptions {
  readonly region: string;
  /** Open; Logs adds its own tables. */
  readonly store: DatabaseSync;
  readonly clock: { now(): number };
}

const MAX_EVENTS = 10_000;
const MAX_STREAMS = 50;
/** "If the response would be larger than 1 MB" (API reference, GetLogEvents). */
const MAX_REPLY_BYTES = 1024 * 1024;

const Group = { logGroupName: z.string().optional(), logGroupIdentifier: z.string().optional() };
const Times = { startTime: z.int().min(0).optional(), endTime: z.int().min(0).optional() };
const Limit = (most: number) => z.int().min(1).max(most).default(most);
const Token = z.string().optional();

const GetLogEvents = z.strictObject({
  ...Group,
  ...Times,
  logStreamName: z.string(),
  nextToken: z
    .string()
    .regex(/^[fb]\/[0-9]+$/)
    .optional(),
  limit: Limit(MAX_EVENTS),
  startFromHead: z.boolean().default(false),
  unmask: z.boolean().optional(),
});
const FilterLogEvents = z.strictObject({
  ...Group,
  ...Times,
  logStreamNames: z.array(z.string()).min(1).max(100).optional(),
  logStreamNamePrefix: z.string().optional(),
  filterPattern: z.string().max(1024).default(''),
  nextToken: z
    .string()
    .regex(/^[0-9]+$/)
    .default('0'),
  limit: Limit(MAX_EVENTS),
  interleaved: z.boolean().optional(),
  unmask: z.boolean().optional(),
});
const DeleteLogStream = z.strictObject({ logGroupName: z.string(), logStreamName: z.string() });
const DescribeLogStreams = z.strictObject({
  ...Group,
  logStreamNamePrefix: z.string().optional(),
  orderBy: z.enum(['LogStreamName', 'LastEventTime']).default('LogStreamName'),
  descending: z.boolean().default(false),
  nextToken: z
    .string()
    .regex(/^[0-9]+$/)
    .default('0'),
  limit: Limit(MAX_STREAMS),
});
const DescribeLogGroups = z.strictObject({
  logGroupNamePrefix: z.string().optional(),
  logGroupNamePattern: z.string().optional(),
  nextToken: Token,
  limit: Limit(MAX_STREAMS),
});

type Operation = (input: unknown) => Record<string, unknown>;

export function createLogs({ region, store: database, clock }: LogsOptions): Logs {
  const store = openLogStore(database, clock);
  const arnOf = (group: string) => `arn:aws:logs:${region}:${ACCOUNT_ID}:log-group:${group}`;
  const operations: Record<string, Operation> = {
    GetLogEvents: (input) => getLogEvents(store, parse(GetLogEvents, input)),
    FilterLogEvents: (input) => filterLogEvents(store, parse(FilterLogEvents, input)),
    DeleteLogStream: (input) => deleteLogStream(store, parse(DeleteLogStream, input)),
    DescribeLogStreams: (input) => describeLogStreams(store, parse(DescribeLogStreams, input), arnOf),
    DescribeLogGroups: (input) => describeLogGroups(store, parse(DescribeLogGroups, input), arnOf),
  };
  return {
    async handle({ headers, body }) {
      const name = headers['x-amz-target']?.split('.')[1] ?? '';
      const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
      if (operation === undefined) {
        const here = Object.keys(operations).join(', ');
        throw new ApiError('UnknownOperationException', `not implemented here: ${name}; there is ${here}`);
      }
      return { status: 200, body: operation(body) };
    },
    open: store.open,
    write: store.write,
    close: store.flush,
  };
}

function getLogEvents(store: LogStore, request: z.infer<typeof GetLogEvents>) {
  const group = groupOf(request);
  const { logStreamName: stream, limit } = request;
  if (!knownStreams(store, group).some(({ name }) => name === stream)) {
    throw new ApiError('ResourceNotFoundException', 'The specified log stream does not exist.');
  }
  const { direction, from } = placeOf(request);
  const range = rangeOf(request);
  const found =
    direction === 'f'
      ? within(store.eventsAfter(group, stream, from, range, limit))
      : within(store.eventsBefore(group, stream, from, range, limit).toReversed()).toReversed();
  return {
    events: found.map(({ timestamp, message }) => ({ timestamp, message, ingestionTime: timestamp })),
    // At either end the same token comes again: that is how a reader knows.
    nextForwardToken: `f/${found.at(-1)?.seq ?? (direction === 'f' ? from : Math.max(0, from - 1))}`,
    nextBackwardToken: `b/${found[0]?.seq ?? (direction === 'b' ? from : from + 1)}`,
  };
}

function deleteLogStream(
  store: LogStore,
  { logGroupName: group, logStreamName: stream }: z.infer<typeof DeleteLogStream>,
) {
  if (!knownStreams(store, group).some(({ name }) => name === stream))
    throw new ApiError('ResourceNotFoundException', 'The specified log stream does not exist.');
  store.forget(group, stream);
  return {};
}

function placeOf({ nextToken, startFromHead }: z.infer<typeof GetLogEvents>): {
  direction: 'f' | 'b';
  from: number;
} {
  if (nextToken !== undefined) {
    return { direction: nextToken.startsWith('f') ? 'f' : 'b', from: Number(nextToken.slice(2)) };
  }
  return startFromHead ? { direction: 'f', from: 0 } : { direction: 'b', from: Number.MAX_SAFE_INTEGER };
}

/** As many as a reply holds, and at least one. */
function within(events: readonly LogEvent[]): LogEvent[] {
  let bytes = 0;
  const tooMany = events.findIndex(({ message }, index) => {
    bytes += Buffer.byteLength(message);
    return index > 0 && bytes > MAX_REPLY_BYTES;
  });
  return tooMany < 0 ? [...events] : events.slice(0, tooMany);
}

function filterLogEvents(store: LogStore, request: z.infer<typeof FilterLogEvents>) {
  const group = groupOf(request);
  const { logStreamNames: names, logStreamNamePrefix: prefix, limit } = request;
  if (names !== undefined && prefix !== undefined) {
    throw invalid('logStreamNames and logStreamNamePrefix exclude each other.');
  }
  const matches = compileFilterPattern(request.filterPattern);
  if (matches === undefined) {
    throw invalid(`not implemented here: the filter pattern ${request.filterPattern}; only terms are.`);
  }
  knownStreams(store, group);
  const wanted = (stream: string) =>
    names === undefined ? prefix === undefined || stream.startsWith(prefix) : names.includes(stream);
  const found: LogEvent[] = [];
  for (const event of store.eventsOf(group, Number(request.nextToken), rangeOf(request))) {
    if (!wanted(event.stream) || !matches(event.message)) continue;
    found.push(event);
    if (found.length > limit) break;
  }
  const shown = within(found.slice(0, limit));
  return {
    events: shown.map(({ seq, stream, timestamp, message }) => ({
      logStreamName: stream,
      timestamp,
      message,
      ingestionTime: timestamp,
      eventId: String(seq),
    })),
    searchedLogStreams: [],
    ...(shown.length < found.length && { nextToken: String(shown.at(-1)?.seq) }),
  };
}

function describeLogStreams(
  store: LogStore,
  request: z.infer<typeof DescribeLogStreams>,
  arnOf: (group: string) => string,
) {
  const group = groupOf(request);
  const { logStreamNamePrefix: prefix, orderBy, descending, limit } = request;
  if (orderBy === 'LastEventTime' && prefix !== undefined) {
    throw invalid('Cannot order by LastEventTime with a logStreamNamePrefix.');
  }
  const named = knownStreams(store, group).filter(({ name }) => name.startsWith(prefix ?? ''));
  const byTime = (left: StreamRow, right: StreamRow) =>
    (left.lastAt ?? left.createdAt) - (right.lastAt ?? right.createdAt);
  const ascending = orderBy === 'LastEventTime' ? named.toSorted(byTime) : named;
  const ordered = descending ? ascending.toReversed() : ascending;
  const from = Number(request.nextToken);
  return {
    logStreams: ordered.slice(from, from + limit).map(({ name, createdAt, firstAt, lastAt, bytes }) => ({
      logStreamName: name,
      creationTime: createdAt,
      ...(firstAt !== undefined && { firstEventTimestamp: firstAt }),
      ...(lastAt !== undefined && { lastEventTimestamp: lastAt, lastIngestionTime: lastAt }),
      arn: `${arnOf(group)}:log-stream:${name}`,
      storedBytes: bytes,
    })),
    ...(from + limit < ordered.length && { nextToken: String(from + limit) }),
  };
}

function describeLogGroups(
  store: LogStore,
  {
    logGroupNamePrefix: prefix = '',
    logGroupNamePattern: pattern = '',
    limit,
  }: z.infer<typeof DescribeLogGroups>,
  arnOf: (group: string) => string,
) {
  const found = store.groups().filter(({ name }) => name.startsWith(prefix) && name.includes(pattern));
  return {
    logGroups: found.slice(0, limit).map(({ name, createdAt, bytes }) => ({
      logGroupName: name,
      creationTime: createdAt,
      metricFilterCount: 0,
      arn: `${arnOf(name)}:*`,
      logGroupArn: arnOf(name),
      storedBytes: bytes,
    })),
  };
}

/** A group has streams from the moment it is made. @throws ResourceNotFoundException when there is none */
function knownStreams(store: LogStore, group: string): StreamRow[] {
  const streams = store.streams(group);
  if (streams.length > 0) return streams;
  throw new ApiError('ResourceNotFoundException', 'The specified log group does not exist.');
}

/** By name, or by an identifier that is a name or an ARN. */
function groupOf({
  logGroupName,
  logGroupIdentifier,
}: {
  logGroupName?: string | undefined;
  logGroupIdentifier?: string | undefined;
}) {
  if ((logGroupName === undefined) === (logGroupIdentifier === undefined)) {
    throw invalid('Exactly one of logGroupName and logGroupIdentifier must be given.');
  }
  return logGroupName ?? logGroupIdentifier?.replace(/^arn:aws:logs:[^:]*:[0-9]*:log-group:/, '') ?? '';
}

function rangeOf({
  startTime = 0,
  endTime = Number.MAX_SAFE_INTEGER,
}: Partial<Record<keyof typeof Times, number | undefined>>): Range {
  return { startTime, endTime };
}

function invalid(text: string): ApiError {
  return new ApiError('InvalidParameterException', text);
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys') throw invalid(`not implemented here: ${issue.keys.join(', ')}`);
  throw invalid(`The value of ${issue?.path.join('.')} is not valid.`);
}
