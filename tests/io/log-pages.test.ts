/** Logs read a page at a time, from the CloudWatch Logs of the embedded cloud. */
import { DatabaseSync } from 'node:sqlite';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { expect, it } from '@jest/globals';
import type { LogPosition } from '../../domain/reading/log-page.ts';
import type { LogPlace } from '../../domain/reading/log-place.ts';
import { logPages } from '../../io/aws/logs/log-pages.ts';
import { createLogs } from '../../local/logs/logs.ts';

const GROUP = 'workers';
const START = Date.UTC(2026, 0, 5, 9);

/** The client's own serialisation, and no socket between it and the service. */
function opened() {
  let nowMs = START;
  const logs = createLogs({
    region: 'us-east-1',
    store: new DatabaseSync(':memory:'),
    clock: { now: () => nowMs },
  });
  const client = new CloudWatchLogsClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
    requestHandler: {
      async handle({ headers, body }: { headers: Record<string, string>; body: Uint8Array | string }) {
        const answer = await logs
          .handle({
            method: 'POST',
            path: '/',
            headers,
            body: JSON.parse(typeof body === 'string' ? body : new TextDecoder().decode(body)),
          })
          .catch((error: Error) => ({
            status: 400,
            body: { __type: error.name === 'Error' ? codeOf(error) : error.name, message: error.message },
          }));
        const bytes = new TextEncoder().encode(JSON.stringify(answer.body));
        return { response: { statusCode: answer.status, headers: {}, body: new Blob([bytes]).stream() } };
      },
    } as never,
  });
  return {
    print(stream: string, ...messages: string[]) {
      logs.open(GROUP, stream);
      for (const message of messages) logs.write(GROUP, stream, message);
    },
    pass: (ms: number) => {
      nowMs += ms;
    },
    read: logPages(client, GROUP),
  };
}
const codeOf = (error: object) => ('code' in error ? String(error.code) : 'Error');

async function drained(
  read: ReturnType<typeof opened>['read'],
  place: LogPlace,
  lines: number,
  from?: LogPosition,
) {
  const found: string[] = [];
  let after = from;
  for (let pages = 0; pages < 100; pages++) {
    const page = await read(place, after, lines);
    if (page.kind !== 'page') throw new Error(page.kind);
    found.push(...page.events.map(({ message }) => message));
    after = page.next;
    if (page.isAtEnd) return { found, after, pages: pages + 1 };
  }
  throw new Error('no end');
}
const stream = (name: string): LogPlace => ({ kind: 'stream', name });
const run: LogPlace = { kind: 'request', requestId: 'r-1', fromMs: START };
const of = (id: string, ...messages: string[]) =>
  messages.map((message) => JSON.stringify({ requestId: id, message }));

it('a stream is read in pages to its end, and goes on with what is printed later', async () => {
  const { print, read } = opened();
  print('s', 'one', 'two', 'three', 'four', 'five');
  const first = await drained(read, stream('s'), 2);
  expect(first.found).toEqual(['one', 'two', 'three', 'four', 'five']);
  print('s', 'six');
  expect((await drained(read, stream('s'), 2, first.after)).found).toEqual(['six']);
});

it('a run is read in pages among others, each line once, also lines of one moment', async () => {
  const { print, read, pass } = opened();
  print('sandbox', ...of('r-1', 'a', 'b', 'c'), ...of('r-2', 'x'), ...of('r-1', 'd'));
  const first = await drained(read, run, 2);
  expect(first.found).toEqual(of('r-1', 'a', 'b', 'c', 'd'));
  print('sandbox', ...of('r-1', 'e', 'f', 'g'));
  pass(5);
  print('sandbox', ...of('r-1', 'h'));
  const second = await drained(read, run, 2, first.after);
  expect(second.found).toEqual(of('r-1', 'e', 'f', 'g', 'h'));
  expect((await drained(read, run, 2, second.after)).found).toEqual([]);
});

it('a position that leads before a run finds nothing of earlier runs', async () => {
  const { print, read, pass } = opened();
  print('sandbox', ...of('r-1', 'before'));
  pass(1000);
  print('sandbox', ...of('r-1', 'mine'));
  const place = { ...run, fromMs: START + 500 };
  const { found } = await drained(read, place, 10, { from: 0, newest: 0, given: 0 });
  expect(found).toEqual(of('r-1', 'mine'));
});

it('a log that is not there is missing, and a made up position is unknown', async () => {
  const { print, read } = opened();
  print('s', 'one');
  expect(await read(stream('none'), undefined, 10)).toEqual({ kind: 'missing' });
  expect(await read(stream('s'), { token: 'f/1/x' }, 10)).toEqual({ kind: 'position_unknown' });
});
