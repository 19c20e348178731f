/** What SQS remembers of a message and fauxqs 2.4.1 does not: the queue it was moved from, and its trace header. */
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

export interface Notes {
  /** The ARN of the queue from which the message was moved; absent for one that was sent to its queue directly. */
  readonly originArn?: string | undefined;
  readonly traceHeader?: string | undefined;
}

export interface MessageNotes {
  of(message: SqsMessage): Notes;
  /** Once the message is in its queue. */
  record(message: SqsMessage, notes: Notes): void;
  /** Reads what an earlier run noted about these messages. */
  readFor(messages: Iterable<SqsMessage>): void;
}

/** @param database fauxqs's own, so that notes are removed with their message; absent = memory */
export function openMessageNotes(database?: DatabaseSync): MessageNotes {
  const known = new WeakMap<SqsMessage, Notes>();
  database?.exec(
    `CREATE TABLE IF NOT EXISTS message_notes (
       message_id TEXT PRIMARY KEY REFERENCES sqs_messages (message_id) ON DELETE CASCADE,
       origin_arn TEXT,
       trace_header TEXT
     )`,
  );
  const select = database?.prepare('SELECT origin_arn, trace_header FROM message_notes WHERE message_id = ?');
  const insert = database?.prepare('INSERT OR REPLACE INTO message_notes VALUES (?, ?, ?)');
  return {
    of: (message) => known.get(message) ?? {},
    record(message, notes) {
      known.set(message, notes);
      insert?.run(message.messageId, notes.originArn ?? null, notes.traceHeader ?? null);
    },
    readFor(messages) {
      for (const message of messages) {
        const row = select?.get(message.messageId);
        if (row === undefined) continue;
        const [originArn, traceHeader] = [row['origin_arn']?.toString(), row['trace_header']?.toString()];
        known.set(message, { originArn, traceHeader });
      }
    },
  };
}

/** A dead-letter queue that notes where each of its messages came from. */
export function deadLettersFrom(originArn: string, queue: SqsQueue, notes: MessageNotes): SqsQueue {
  return Object.create(queue, {
    enqueue: {
      value(message: SqsMessage) {
        // fauxqs counts the receive that found the message to be received too often.
        message.approximateReceiveCount -= 1;
        queue.enqueue(message);
        notes.record(message, { ...notes.of(message), originArn });
      },
    },
  });
}
