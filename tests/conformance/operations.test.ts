/** What every backend must keep of operations: one item for each id, changed from what was read, found when it is due. */
import { expect } from '@jest/globals';
import { started } from '../../domain/operation/operation.ts';
import { NOW } from '../support/jobs.ts';
import { onEachTarget } from './targets.ts';

const operationOf = (letter: string, atMs = NOW) =>
  started(
    {
      operationId: `op_${letter.repeat(26)}`,
      work: { kind: 'redrive', tenantId: 'acme', code: 'é 🚚', sinceMs: NOW - 1000, untilMs: NOW },
      operator: 'arn:aws:iam::123456789012:role/operator',
      perSecond: 2,
    },
    atMs,
  );
const first = operationOf('a');
const { dueAt: _, ...rest } = first;
const over = { ...rest, version: 2, state: 'finished' as const, done: 3, cursor: 'c', endedAt: NOW + 5 };

onEachTarget((open, test) => {
  test('one is made once, and a repeat is answered with what is there', async () => {
    const { operations } = (await open()).process();
    expect(await operations.get(first.operationId)).toBeUndefined();
    expect(await operations.create(first)).toBeUndefined();
    expect(await operations.create({ ...first, perSecond: 9 })).toEqual(first);
    expect(await operations.get(first.operationId)).toEqual(first);
  });

  test('a change is made of what was read, and what it leaves out is gone', async () => {
    const { operations } = (await open()).process();
    await operations.create(first);
    expect(await operations.replace(first, over)).toBe('written');
    expect(await operations.replace(first, { ...first, version: 2 })).toBe('lost');
    expect(await operations.get(first.operationId)).toEqual(over);
  });

  test('a write whose answer is lost is known by its repetition', async () => {
    const { operations } = (await open({ answersLost: true })).process();
    expect(await operations.create(first)).toBeUndefined();
    expect(await operations.replace(first, over)).toBe('written');
  });

  test('the list has the newest first, and none of them is a job of its tenant', async () => {
    const backend = await open();
    const { operations, lists } = backend.process();
    for (const each of [operationOf('b', NOW + 1), operationOf('c', NOW + 2), first])
      await operations.create(each);
    await backend.caughtUp();
    expect((await operations.list()).map(({ operationId }) => operationId[3])).toEqual(['c', 'b', 'a']);
    expect((await lists.page({ tenantId: 'acme' }, 10)).places).toEqual([]);
  });

  test('one that runs is found when it is due, and one that is over is not', async () => {
    const backend = await open();
    const { operations, due } = backend.process();
    const found = async () => {
      await backend.caughtUp();
      const pages = await Promise.all(due.shards.map((shard) => due.due(shard, NOW + 180_000)));
      return pages.flatMap((page) =>
        page.due.flatMap((item) => (item.kind === 'operation' ? [item.operationId] : [])),
      );
    };
    await operations.create(first);
    expect(await found()).toEqual([first.operationId]);
    await operations.replace(first, over);
    expect(await found()).toEqual([]);
  });
});
