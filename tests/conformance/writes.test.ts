/**
 * What an AWS must keep of conditional writes that go out together: one batch of PartiQL statements, each with its own
 * condition and its own answer.
 */
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from '@jest/globals';
import { type Attributes, type Key, type Write, writer } from '../../io/table/writes.ts';
import type { AwsBackend } from './aws.ts';
import { onEachAws } from './targets.ts';

const key = (pk: string): Key => ({ pk, sk: 's' });
const insert = (pk: string, item: Attributes = { version: 1 }): Write => ({
  kind: 'insert',
  key: key(pk),
  item,
});
const change = (pk: string, from: number, set: Attributes = { version: from + 1 }): Write => ({
  kind: 'change',
  key: key(pk),
  set,
  remove: ['gone'],
  expected: { version: from },
});

/** A writer, what it calls, and what it leaves. */
function setUp(backend: AwsBackend) {
  const db = backend.dynamo();
  const calls: string[] = [];
  db.middlewareStack.add(
    (next, context) => (given) => {
      calls.push(context.commandName ?? '');
      return next(given);
    },
    { step: 'initialize', name: 'listCalls' },
  );
  return {
    db,
    write: writer(db, backend.tableName),
    stored: async (pk: string) =>
      (
        await backend
          .dynamo()
          .send(new GetCommand({ TableName: backend.tableName, Key: key(pk), ConsistentRead: true }))
      ).Item,
    calls: () => calls.splice(0),
  };
}

/** A proxy between the client and the database, which injects failures of DynamoDB. */
function answering(db: DynamoDBDocumentClient, change: (output: { Responses?: object[] }) => void) {
  db.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      if (Array.isArray(Reflect.get(Object(answer.output), 'Responses'))) change(Object(answer.output));
      return answer;
    },
    { step: 'initialize', priority: 'high', name: 'answering' },
  );
}

onEachAws((open, test) => {
  test('what is asked for together is one call, and each write knows whether its own condition held', async () => {
    const { write, stored, calls } = setUp(await open());
    await write(insert('there', { version: 1, gone: 'x' }));
    calls();
    const held = await Promise.all([
      write(insert('there')),
      write(insert('fresh', { version: 1, note: undefined, nested: { deep: [1, { a: null }] } })),
      write(change('there', 1, { version: 2, note: 'é "quoted"' })),
      write(change('nowhere', 1)),
    ]);
    expect(held).toEqual([false, true, true, false]);
    // The second write of one item comes after the first.
    expect(calls()).toEqual(['BatchExecuteStatementCommand', 'UpdateItemCommand']);
    expect(await stored('fresh')).toEqual({
      ...key('fresh'),
      version: 1,
      nested: { deep: [1, { a: null }] },
    });
    expect(await stored('there')).toEqual({ ...key('there'), version: 2, note: 'é "quoted"' });
    expect(await stored('nowhere')).toBeUndefined();
  });

  test('a change whose item has another version writes nothing, in whatever company', async () => {
    const { write, stored } = setUp(await open());
    await write(insert('a', { version: 7, gone: 'x' }));
    await write(insert('b'));
    expect(await Promise.all([write(change('a', 1)), write(change('b', 1))])).toEqual([false, true]);
    expect(await stored('a')).toEqual({ ...key('a'), version: 7, gone: 'x' });
    expect(await stored('b')).toEqual({ ...key('b'), version: 2 });
  });

  test('an item that is there stays whole when others try to put theirs in its place', async () => {
    const { write, stored } = setUp(await open());
    await write(insert('a', { version: 1, note: 'first' }));
    expect(await Promise.all([write(insert('a', { version: 9 })), write(insert('b'))])).toEqual([
      false,
      true,
    ]);
    expect(await stored('a')).toEqual({ ...key('a'), version: 1, note: 'first' });
  });

  test('a write that stands alone is a call of its own, with the same condition', async () => {
    const { write, calls } = setUp(await open());
    expect(await write(insert('a'))).toBe(true);
    expect(await write(insert('a'))).toBe(false);
    expect(await write(change('a', 1))).toBe(true);
    expect(await write(change('a', 1))).toBe(false);
    expect(await write(change('nowhere', 1))).toBe(false);
    expect(calls().map((name) => name.replace('ItemCommand', ''))).toEqual([
      'Put',
      'Put',
      'Update',
      'Update',
      'Update',
    ]);
  });

  test('no call has more than 25 writes, and those asked for while one is under way wait for the next', async () => {
    const { write, calls } = setUp(await open());
    const first = write(insert('first'));
    await new Promise((resolve) => setTimeout(resolve, 15));
    const others = Array.from({ length: 40 }, (_, i) => write(insert(`n${i}`)));
    expect(await Promise.all([first, ...others])).toEqual(Array(41).fill(true));
    expect(calls()).toEqual([
      'PutItemCommand',
      'BatchExecuteStatementCommand',
      'BatchExecuteStatementCommand',
    ]);
  });

  test('two changes of one item to the same version: one of them has it', async () => {
    const { write, stored } = setUp(await open());
    await write(insert('a'));
    const held = await Promise.all([write(change('a', 1)), write(change('a', 1)), write(insert('b'))]);
    expect(held.filter((each) => each)).toHaveLength(2);
    expect(await stored('a')).toMatchObject({ version: 2 });
  });

  test('a statement that was throttled inside a success is written by itself (F40)', async () => {
    const { db, write, calls } = setUp(await open());
    await write(insert('a'));
    await write(insert('b'));
    answering(db, ({ Responses = [] }) => {
      Responses[0] = { Error: { Code: 'ThrottlingError' } };
    });
    calls();
    const both = Promise.all([write(change('a', 1)), write(change('b', 1))]);
    // Here the statement did run, so that its write finds another version; the owner of the token in it knows it again.
    expect(await both).toEqual([false, true]);
    expect(calls()).toEqual(['BatchExecuteStatementCommand', 'UpdateItemCommand']);
  });

  test('when the call itself fails, no caller is told that it was written', async () => {
    const backend = await open();
    const missing = writer(backend.dynamo(), 'no-such-table');
    const both = await Promise.allSettled([missing(insert('a')), missing(insert('b'))]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
