import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  CreateTableCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { expect, test } from '@jest/globals';
import { inFolder, setUp } from './set-up.ts';

type Cloud = Awaited<ReturnType<typeof setUp>>;

/** Runs each part on the same folder, with everything closed in between. */
async function overRestarts(...parts: ((cloud: Cloud) => Promise<void>)[]): Promise<void> {
  await inFolder(async (directory) => {
    for (const part of parts) {
      const cloud = await setUp({ directory });
      await part(cloud).finally(cloud.close);
    }
  });
}

const received = async ({ sqs, endpoint }: Cloud, name = 'work') => {
  const QueueUrl = `${endpoint}/000000000000/${name}`;
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  return Messages;
};

const withQueue = async ({ sqs }: Cloud) => {
  const { QueueUrl } = await sqs.send(
    new CreateQueueCommand({ QueueName: 'work', Attributes: { VisibilityTimeout: '600' } }),
  );
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'one' }));
  return QueueUrl;
};

test('messages, rows and objects outlive a restart', () =>
  overRestarts(
    async (cloud) => {
      await withQueue(cloud);
      const { dynamodb, s3 } = cloud;
      await dynamodb.send(
        new CreateTableCommand({
          TableName: 'rows',
          BillingMode: 'PAY_PER_REQUEST',
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        }),
      );
      await expect(
        dynamodb.send(new PutItemCommand({ TableName: 'missing', Item: { pk: { S: 'a' } } })),
      ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      await until(async () => {
        const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: 'rows' }));
        return Table?.TableStatus === 'ACTIVE';
      });
      await dynamodb.send(new PutItemCommand({ TableName: 'rows', Item: { pk: { S: 'a' }, n: { N: '1' } } }));
      await s3.send(new CreateBucketCommand({ Bucket: 'files' }));
      await s3.send(new PutObjectCommand({ Bucket: 'files', Key: 'k', Body: 'kept' }));
    },
    async (cloud) => {
      expect((await received(cloud)).map(({ Body }) => Body)).toEqual(['one']);
      const row = await cloud.dynamodb.send(
        new GetItemCommand({ TableName: 'rows', Key: { pk: { S: 'a' } }, ConsistentRead: true }),
      );
      expect(row.Item).toEqual({ pk: { S: 'a' }, n: { N: '1' } });
      const object = await cloud.s3.send(new GetObjectCommand({ Bucket: 'files', Key: 'k' }));
      expect(await object.Body?.transformToString()).toBe('kept');
    },
  ));

test('after a restart on another port, queue URLs lead to that port', async () => {
  const urls: (string | undefined)[] = [];
  await overRestarts(
    async (cloud) => {
      urls.push(await withQueue(cloud));
    },
    async ({ sqs, endpoint }) => {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }));
      const { QueueUrls } = await sqs.send(new ListQueuesCommand({}));
      expect([QueueUrl, QueueUrls]).toEqual([
        `${endpoint}/000000000000/work`,
        [`${endpoint}/000000000000/work`],
      ]);
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'two' }));
    },
    async (cloud) => {
      expect((await received(cloud)).map(({ Body }) => Body)).toEqual(['one', 'two']);
      // The address of the first run still names the queue.
      const { Messages } = await cloud.sqs.send(new ReceiveMessageCommand({ QueueUrl: urls[0] }));
      expect(Messages).toBeUndefined();
    },
  );
});

test('what was being worked on when the cloud went down is there again at once', () =>
  overRestarts(
    async (cloud) => {
      await withQueue(cloud);
      expect(await received(cloud)).toHaveLength(1);
      expect(await received(cloud)).toHaveLength(0);
    },
    async (cloud) => expect(await received(cloud)).toHaveLength(1),
  ));

test('a message given back at once can be received again, also on disk', () =>
  overRestarts(async (cloud) => {
    const QueueUrl = await withQueue(cloud);
    const [message] = await received(cloud);
    const ReceiptHandle = message?.ReceiptHandle;
    await cloud.sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
    );
    expect(await received(cloud)).toHaveLength(1);
  }));

test('a deleted message and a dead letter stay what they are over a restart', () =>
  overRestarts(
    async (cloud) => {
      await cloud.sqs.send(new CreateQueueCommand({ QueueName: 'dead' }));
      const RedrivePolicy = JSON.stringify({
        deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
        maxReceiveCount: 1,
      });
      const { QueueUrl } = await cloud.sqs.send(
        new CreateQueueCommand({ QueueName: 'work', Attributes: { RedrivePolicy } }),
      );
      for (const MessageBody of ['done', 'poison']) {
        await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
      }
      const [done, poison] = await received(cloud);
      await cloud.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: done?.ReceiptHandle }));
      await cloud.sqs.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl,
          ReceiptHandle: poison?.ReceiptHandle,
          VisibilityTimeout: 0,
        }),
      );
      expect(await received(cloud)).toEqual([]);
    },
    async (cloud) => {
      expect(await received(cloud)).toEqual([]);
      expect((await received(cloud, 'dead')).map(({ Body }) => Body)).toEqual(['poison']);
    },
  ));

test('a message on its way to the dead-letter queue is never in neither', async () => {
  await inFolder(async (directory) => {
    const cloud = await setUp({ directory });
    const { sqs } = cloud;
    await sqs.send(new CreateQueueCommand({ QueueName: 'dead' }));
    const QueueUrl = await withQueue(cloud);
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
      maxReceiveCount: 1,
    });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy } }));
    const [message] = await received(cloud);
    const ReceiptHandle = message?.ReceiptHandle;
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    const database = new DatabaseSync(join(directory, 'queues', 'fauxqs.db'));
    database.exec(
      `CREATE TRIGGER full BEFORE INSERT ON sqs_messages BEGIN SELECT RAISE(ABORT, 'disk full'); END`,
    );
    await expect(received(cloud)).rejects.toMatchObject({ name: 'InternalFailure' });
    await cloud.close();
    database.exec('DROP TRIGGER full');
    database.close();

    const again = await setUp({ directory });
    const found = [...(await received(again)), ...(await received(again, 'dead'))];
    await again.close();
    expect(found.map(({ Body }) => Body)).toEqual(['one']);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  const giveUpAtMs = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > giveUpAtMs) throw new Error('it did not come true within 10 s');
  }
}
