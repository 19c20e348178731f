/** What SQS does once a minute at most: a purge of one queue, and a new queue with the name of one that was deleted. */
import { ApiError } from '../aws.ts';

const PAUSE_MS = 60_000;

export interface Recent {
  /** @throws PurgeQueueInProgress */
  purge(queueName: string): void;
  deleted(queueName: string): void;
  /** @throws QueueDeletedRecently */
  create(queueName: string): void;
}

export function createRecent(): Recent {
  const purgedAtMs = new Map<string, number>();
  const deletedAtMs = new Map<string, number>();
  const isRecent = (times: Map<string, number>, name: string) =>
    Date.now() - (times.get(name) ?? 0) < PAUSE_MS;
  return {
    purge(name) {
      if (isRecent(purgedAtMs, name))
        throw new ApiError(
          'PurgeQueueInProgress',
          `Only one PurgeQueue operation on ${name} is allowed every 60 seconds.`,
          403,
        );
      purgedAtMs.set(name, Date.now());
    },
    deleted(name) {
      deletedAtMs.set(name, Date.now());
      purgedAtMs.delete(name);
    },
    create(name) {
      if (isRecent(deletedAtMs, name))
        throw new ApiError(
          'QueueDeletedRecently',
          'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
        );
    },
  };
}
