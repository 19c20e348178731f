/** The book of turns in the table: no turn is booked twice, and none before it may be. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Table } from '../../io/table/table.ts';
import { turnBook } from '../../io/table/turn-book.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { NOW } from '../support/jobs.ts';
import { createJobsTable } from '../support/jobs-table.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let items: Table;
beforeEach(async () => {
  cloud = await setUp();
  items = await createJobsTable(cloud.dynamodb);
});
afterEach(() => cloud.close());

test('five processes that book at once book different turns, as far apart as calls may be', async () => {
  const books = Array.from({ length: 5 }, () => turnBook(items, 40));
  const turns = await Promise.all(
    books.flatMap(({ book }) => Array.from({ length: 10 }, () => book('acme', NOW))),
  );
  const expected = Array.from({ length: 50 }, (_, i) => NOW + i * 25);
  expect(turns.toSorted((a, b) => a - b)).toEqual(expected);
});

test('each tenant has its own turns, and after a pause they begin when the rate limit says', async () => {
  const { book } = turnBook(items, 40);
  expect(await book('acme', NOW)).toBe(NOW);
  expect(await book('globex', NOW)).toBe(NOW);
  expect(await book('acme', NOW)).toBe(NOW + 25);
  expect(await book('acme', NOW + 60_000)).toBe(NOW + 60_000);
});
