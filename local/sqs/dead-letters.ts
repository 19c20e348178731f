/**
 * Which queues share a dead-letter queue, and from which of them a message was moved: SQS remembers it, fauxqs 2.4.1
 * does not.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { SqsQueue, SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import type { SqsMessage } from '../../node_modules/fauxqs/dist/sqs/sqsTypes.js';

/** The queues whose redrive policy names this one. */
export function sourcesOf(store: SqsStore, deadLetterQueueArn: string): SqsQueue[] {
  return [...store.allQueues()].filter((queue) => {
    const policy = queue.getAttribute('RedrivePolicy');
    return policy !== undefined && JSON.parse(policy).deadLetterTargetArn === deadLetterQueueArn;
  });
}

export interface Origins {
  /** The ARN of the queue from which the message was moved; undefined for one that was sent here directly. */
  of(message: SqsMessage): string | undefined;
  record(message: SqsMessage, queueArn: string): void;
}

/** @param database fauxqs's own, so that an origin is removed with its message; absent = memory */
export function openOrigins(database?: DatabaseSync): Origins {
  if (database === undefined) {
    const origins = new WeakMap<SqsMessage, string>();
    return {
      of: (message) => origins.get(message),
      record: (message, queueArn) => void origins.set(message, queueArn),
    };
  }
  database.exec(
    `CREATE TABLE IF NOT EXISTS dead_letters (
       message_id TEXT PRIMARY KEY REFERENCES sqs_messages (message_id) ON DELETE CASCADE,
       origin_arn TEXT NOT NULL
     )`,
  );
  const select = database.prepare('SELECT origin_arn FROM dead_letters WHERE message_id = ?');
  const insert = database.prepare('INSERT OR REPLACE INTO dead_letters VALUES (?, ?)');
  return {
    of: ({ messageId }) => select.get(messageId)?.['origin_arn']?.toString(),
    record: ({ messageId }, queueArn) => void insert.run(messageId, queueArn),
  };
}

/** A dead-letter queue that records the origin of each message. */
export function recording(queue: SqsQueue, origins: Origins, originArn: string): SqsQueue {
  return Object.create(queue, {
    enqueue: {
      value(message: SqsMessage) {
        queue.enqueue(message);
        origins.record(message, originArn);
      },
    },
  });
}
