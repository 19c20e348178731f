/** fauxqs and dynalite are pinned because these parts of them are private: an update has to pass here first. */
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from '@jest/globals';
import { inFolder } from './set-up.ts';

const require = createRequire(import.meta.url);

test.each([
  ['./sqs/sqsStore.js', ['SqsStore']],
  ['./sns/snsStore.js', ['SnsStore']],
  ['./s3/s3Store.js', ['S3Store']],
  ['./persistence.js', ['PersistenceManager']],
  ...[
    'changeMessageVisibility',
    'changeMessageVisibilityBatch',
    'createQueue',
    'deleteMessage',
    'deleteMessageBatch',
    'deleteQueue',
    'getQueueAttributes',
    'getQueueUrl',
    'listQueueTags',
    'listQueues',
    'purgeQueue',
    'receiveMessage',
    'sendMessage',
    'sendMessageBatch',
    'setQueueAttributes',
    'tagQueue',
    'untagQueue',
  ].map((name): [string, string[]] => [`./sqs/actions/${name}.js`, [name]]),
])('fauxqs still has %s, which local/sqs/fauxqs.ts reaches into', async (path, names) => {
  const module = await import(new URL(path, import.meta.resolve('fauxqs')).href);
  expect(names.filter((name) => typeof module[name] !== 'function')).toEqual([]);
});

test('fauxqs still has the private members that local/sqs/fauxqs.ts uses', async () => {
  const { PersistenceManager } = await import(
    new URL('./persistence.js', import.meta.resolve('fauxqs')).href
  );
  const { SqsQueue, SqsStore } = await import(
    new URL('./sqs/sqsStore.js', import.meta.resolve('fauxqs')).href
  );
  await inFolder(async (folder) => {
    const persistence = new PersistenceManager(folder);
    try {
      expect(persistence).toMatchObject({
        db: expect.any(DatabaseSync),
        transaction: expect.any(Function),
        updateMessageReady: expect.any(Function),
        load: expect.any(Function),
      });
      persistence.db
        .prepare('SELECT message_id, receipt_handle, visibility_deadline FROM sqs_messages')
        .all();
    } finally {
      persistence.close();
    }
  });
  // By which a receive begins and ends to wait: local/sqs/wait-timer.ts.
  const waits = { startPollTimerIfNeeded: expect.any(Function), stopPollTimerIfEmpty: expect.any(Function) };
  expect(SqsQueue.prototype).toMatchObject(waits);
  expect(new SqsStore()).toMatchObject({ queues: expect.any(Map), host: expect.any(String) });
});

test('fauxqs still asks of what waits no more than local/fair-queues answers', async () => {
  const parts = ['./sqs/sqsStore.js', './persistence.js'].map(
    (path) => import(new URL(path, import.meta.resolve('fauxqs')).href),
  );
  const [{ SqsQueue }, { PersistenceManager }] = await Promise.all(parts);
  const uses = `${SqsQueue}${PersistenceManager}`.match(/(\.{3})?\w+\.messages\b(\.\w+| = \S+)?/g) ?? [];
  expect([...new Set(uses)].toSorted()).toEqual([
    '...this.messages',
    'queue.messages.push',
    'this.messages = [];',
    'this.messages.length',
    'this.messages.push',
    'this.messages.shift',
  ]);
  expect(new SqsQueue('name', 'url', 'arn')).toMatchObject({ messages: [], inflightMessages: new Map() });
});

test('dynalite still has the actions and rules that local/dynamodb/tables.ts calls without its server and store', () => {
  for (const name of [
    'batchGetItem',
    'createTable',
    'describeTable',
    'getItem',
    'putItem',
    'query',
    'updateItem',
  ]) {
    expect(require(`dynalite/actions/${name}`)).toBeInstanceOf(Function);
    expect(require(`dynalite/validations/${name}`)).toMatchObject({ types: expect.any(Object) });
  }
  expect(require('dynalite/validations')).toMatchObject({
    checkTypes: expect.any(Function),
    checkValidations: expect.any(Function),
  });
});

test('dynalite still asks of its store no more than local/dynamodb/rows.ts has', () => {
  const folder = dirname(require.resolve('dynalite'));
  const asked = globSync('actions/*.js', { cwd: folder }).flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/\b(\w*(?:store|Db)(?:\(\w+\))?\.\w+)/g)].map(
      ([use]) => use,
    ),
  );
  expect([...new Set(asked)].toSorted()).toEqual([
    'itemDb.del',
    'itemDb.get',
    'itemDb.lock',
    'itemDb.put',
    'store.deleteIndexDb',
    'store.deleteItemDb',
    'store.deleteTagDb',
    'store.getItemDb',
    'store.getTable',
    'store.getTagDb',
    'store.options',
    'store.tableDb',
    'tableDb.awsAccountId',
    'tableDb.awsRegion',
    'tableDb.del',
    'tableDb.get',
    'tableDb.lock',
    'tableDb.put',
    'tagDb.createKeyStream',
    'tagDb.createValueStream',
  ]);
});
