/** CloudWatch Logs in its own wire format. The expectations are those of its API reference. */
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from '@jest/globals';
import { compileFilterPattern } from '../../../local/logs/filter-pattern.ts';
import { createLogs } from '../../../local/logs/logs.ts';

const GROUP = '/aws/batch/job';
const DAY_MS = 86_400_000;

function openLogs(database = new DatabaseSync(':memory:')) {
  let nowMs = 1_800_000_000_000;
  const logs = createLogs({ region: 'us-east-1', store: database, clock: { now: () => nowMs } });
  return {
    ...logs,
    startMs: nowMs,
    advance: (milliseconds: number) => {
      nowMs += milliseconds;
    },
    /** Writes these, a millisecond apart. */
    print(stream: string, ...messages: string[]): void {
      logs.open(GROUP, stream);
      for (const message of messages) {
        logs.write(GROUP, stream, message);
        nowMs += 1;
      }
    },
    async call(operation: string, body: Record<string, unknown>) {
      const headers = { 'x-amz-target': `Logs_20140328.${operation}` };
      const answer = await logs.handle({ method: 'POST', path: '/', headers, body });
      return answer.body as Record<string, unknown>; // every reply of this service is an object
    },
    async texts(operation: string, body: Record<string, unknown>): Promise<string[]> {
      const { events } = await this.call(operation, { logGroupName: GROUP, ...body });
      return (events as { message: string }[]).map(({ message }) => message); // as both operations answer
    },
  };
}
const numbers = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`);

describe('GetLogEvents', () => {
  test('gives the lines of a stream with their times', async () => {
    const logs = openLogs();
    logs.print('work/default/1', 'first', 'second');
    const { startMs } = logs;
    expect(await logs.call('GetLogEvents', { logGroupName: GROUP, logStreamName: 'work/default/1' })).toEqual(
      {
        events: [
          { timestamp: startMs, message: 'first', ingestionTime: startMs },
          { timestamp: startMs + 1, message: 'second', ingestionTime: startMs + 1 },
        ],
        nextForwardToken: expect.stringMatching(/^f\//),
        nextBackwardToken: expect.stringMatching(/^b\//),
      },
    );
  });

  test.each([
    [
      'the newest first page, and pages back to the oldest',
      false,
      'nextBackwardToken',
      ['8 9', '6 7', '4 5', '2 3', '0 1'],
    ],
    [
      'from the head, and pages on to the newest',
      true,
      'nextForwardToken',
      ['0 1', '2 3', '4 5', '6 7', '8 9'],
    ],
  ])('gives %s, and repeats the token at the end', async (_, startFromHead, token, expected) => {
    const logs = openLogs();
    logs.print('s', ...numbers(10));
    const pages = [];
    let nextToken: unknown;
    for (;;) {
      const request = {
        logGroupName: GROUP,
        logStreamName: 's',
        limit: 2,
        startFromHead,
        ...(nextToken ? { nextToken } : {}),
      };
      const page = await logs.call('GetLogEvents', request);
      const lines = (page['events'] as { message: string }[]).map(({ message }) => message.slice(5));
      if (page[token] === nextToken) break;
      pages.push(lines.join(' '));
      nextToken = page[token];
    }
    expect(pages).toEqual(expected);
  });

  test('follows a stream that grows by the same token', async () => {
    const logs = openLogs();
    logs.print('s', 'one');
    const first = await logs.call('GetLogEvents', {
      logGroupName: GROUP,
      logStreamName: 's',
      startFromHead: true,
    });
    const nextToken = first['nextForwardToken'];
    expect(await logs.texts('GetLogEvents', { logStreamName: 's', nextToken })).toEqual([]);
    logs.print('s', 'two');
    expect(await logs.texts('GetLogEvents', { logStreamName: 's', nextToken })).toEqual(['two']);
  });

  test('takes a time to begin with and one to end before', async () => {
    const logs = openLogs();
    logs.print('s', ...numbers(5));
    const request = { logStreamName: 's', startTime: logs.startMs + 1, endTime: logs.startMs + 3 };
    expect(await logs.texts('GetLogEvents', request)).toEqual(['line 1', 'line 2']);
  });

  test('ends a page before it is over a megabyte', async () => {
    const logs = openLogs();
    logs.print('s', ...Array.from({ length: 6 }, () => 'x'.repeat(250_000)));
    expect(await logs.texts('GetLogEvents', { logStreamName: 's' })).toHaveLength(4);
  });

  test.each<[object, string, string]>([
    [
      { logGroupName: 'nope', logStreamName: 's' },
      'ResourceNotFoundException',
      'The specified log group does not exist.',
    ],
    [
      { logGroupName: GROUP, logStreamName: 'nope' },
      'ResourceNotFoundException',
      'The specified log stream does not exist.',
    ],
    [
      { logStreamName: 's' },
      'InvalidParameterException',
      'Exactly one of logGroupName and logGroupIdentifier',
    ],
    [{ logGroupName: GROUP, logStreamName: 's', limit: 10_001 }, 'InvalidParameterException', 'limit'],
    [{ logGroupName: GROUP, logStreamName: 's', nextToken: 'x' }, 'InvalidParameterException', 'nextToken'],
    [
      { logGroupName: GROUP, logStreamName: 's', colour: 'red' },
      'InvalidParameterException',
      'not implemented here: colour',
    ],
  ])('of %j is refused', async (request, name, message) => {
    const logs = openLogs();
    logs.print('s', 'x');
    await expect(logs.call('GetLogEvents', { ...request })).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
  });

  test('takes an ARN for the group', async () => {
    const logs = openLogs();
    logs.print('s', 'x');
    const logGroupIdentifier = `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}`;
    const answer = await logs.call('GetLogEvents', { logGroupIdentifier, logStreamName: 's' });
    expect(answer['events']).toHaveLength(1);
  });
});

describe('FilterLogEvents', () => {
  test('goes through the streams of a group in the order of time', async () => {
    const logs = openLogs();
    logs.print('a/1', 'one');
    logs.print('b/1', 'two');
    logs.print('a/1', 'three');
    expect(await logs.texts('FilterLogEvents', {})).toEqual(['one', 'two', 'three']);
    expect(await logs.texts('FilterLogEvents', { logStreamNamePrefix: 'a/' })).toEqual(['one', 'three']);
    expect(await logs.texts('FilterLogEvents', { logStreamNames: ['b/1'] })).toEqual(['two']);
    expect(await logs.texts('FilterLogEvents', { filterPattern: 't -w' })).toEqual(['three']);
  });

  test('gives each match once over its pages', async () => {
    const logs = openLogs();
    logs.print('s', ...numbers(7));
    const seen = [];
    let nextToken: unknown;
    do {
      const request = { logGroupName: GROUP, limit: 3, ...(nextToken ? { nextToken } : {}) };
      const page = await logs.call('FilterLogEvents', request);
      seen.push(...(page['events'] as { message: string }[]).map(({ message }) => message));
      nextToken = page['nextToken'];
    } while (nextToken !== undefined);
    expect(seen).toEqual(numbers(7));
  });

  test.each<[object, string]>([
    [{ logStreamNames: ['s'], logStreamNamePrefix: 's' }, 'exclude each other'],
    [{ filterPattern: '{ $.level = "error" }' }, 'not implemented here: the filter pattern'],
    [{ filterPattern: '[a, b]' }, 'not implemented here: the filter pattern'],
    [{ filterPattern: '%x+%' }, 'not implemented here: the filter pattern'],
  ])('of %j is refused', async (request, message) => {
    const logs = openLogs();
    logs.print('s', 'x');
    const refused = logs.call('FilterLogEvents', { logGroupName: GROUP, ...request });
    await expect(refused).rejects.toMatchObject({
      name: 'InvalidParameterException',
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ['', 'anything', true],
    ['ERROR', '[ERROR] 1', true],
    ['ERROR', '[error] 1', false],
    ['ERROR 1', '[ERROR] 1', true],
    ['ERROR 2', '[ERROR] 1', false],
    ['"exit code"', 'the exit code is 1', true],
    ['"exit code"', 'the code of the exit', false],
    ['ERROR -Exiting', 'ERROR: Exiting', false],
    ['ERROR -Exiting', 'ERROR: waiting', true],
    ['?ERROR ?WARN', 'WARN: low', true],
    ['?ERROR ?WARN', 'INFO: low', false],
  ])('the pattern %j on %j', (pattern, message, matches) => {
    expect(compileFilterPattern(pattern)?.(message)).toBe(matches);
  });
});

describe('DescribeLogStreams', () => {
  test('lists streams by name or by their last event', async () => {
    const logs = openLogs();
    logs.print('b', 'x');
    logs.print('a', 'xyz');
    logs.print('b', 'x');
    const list = async (request: object) => {
      const { logStreams } = await logs.call('DescribeLogStreams', { logGroupName: GROUP, ...request });
      return logStreams as Record<string, unknown>[]; // as the operation answers
    };
    expect(await list({})).toEqual([
      {
        logStreamName: 'a',
        creationTime: logs.startMs + 1,
        firstEventTimestamp: logs.startMs + 1,
        lastEventTimestamp: logs.startMs + 1,
        lastIngestionTime: logs.startMs + 1,
        arn: `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}:log-stream:a`,
        storedBytes: 3,
      },
      expect.objectContaining({ logStreamName: 'b', storedBytes: 2 }),
    ]);
    const names = (streams: Record<string, unknown>[]) => streams.map(({ logStreamName }) => logStreamName);
    expect(names(await list({ orderBy: 'LastEventTime', descending: true }))).toEqual(['b', 'a']);
    expect(names(await list({ logStreamNamePrefix: 'a' }))).toEqual(['a']);
    expect(names(await list({ limit: 1, nextToken: '1' }))).toEqual(['b']);
    await expect(list({ orderBy: 'LastEventTime', logStreamNamePrefix: 'a' })).rejects.toThrow(
      'Cannot order by',
    );
  });

  test('has a stream from the moment it is opened', async () => {
    const logs = openLogs();
    logs.open(GROUP, 'quiet');
    expect(await logs.texts('GetLogEvents', { logStreamName: 'quiet' })).toEqual([]);
    expect(await logs.call('DescribeLogGroups', {})).toMatchObject({ logGroups: [{ logGroupName: GROUP }] });
  });
});

describe('a stream', () => {
  test('keeps the newest of what is more than it may hold', async () => {
    const logs = openLogs();
    logs.print('s', ...Array.from({ length: 40 }, (_, index) => `${index} ${'x'.repeat(100_000)}`));
    const lines = await logs.texts('GetLogEvents', { logStreamName: 's' });
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      '30',
      '31',
      '32',
      '33',
      '34',
      '35',
      '36',
      '37',
      '38',
      '39',
    ]);
    const { logStreams } = await logs.call('DescribeLogStreams', { logGroupName: GROUP });
    expect((logStreams as { storedBytes: number }[])[0]?.storedBytes).toBeLessThanOrEqual(2 * 1024 * 1024);
  });

  test('goes a week after its last event, when another is opened', async () => {
    const logs = openLogs();
    logs.print('old', 'x');
    logs.advance(7 * DAY_MS + 1);
    logs.print('new', 'x');
    expect(await logs.texts('FilterLogEvents', {})).toEqual(['x']);
  });

  test('is there after a restart, with what was written last', async () => {
    const database = new DatabaseSync(':memory:');
    const logs = openLogs(database);
    logs.print('s', 'last words');
    logs.close();
    expect(await openLogs(database).texts('GetLogEvents', { logStreamName: 's' })).toEqual(['last words']);
  });
});

test('an operation that is not here is refused by name', async () => {
  await expect(openLogs().call('PutLogEvents', {})).rejects.toMatchObject({
    name: 'UnknownOperationException',
    message: expect.stringContaining('not implemented here: PutLogEvents'),
  });
});
