/**
 * Message move tasks: SQS's own redrive of a dead-letter queue.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import type { SqsQueue, SqsStore } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import type { SqsMessage } from '../../node_modules/fauxqs/dist/sqs/sqsTypes.js';
import { ApiError } from '../aws.ts';
import { type MessageNotes, sourcesOf } from './message-notes.ts';

const MAX_PER_SECOND = 500;
const MAX_RESULTS = 10;
/** A move without a rate must leave the process time to answer. */
const FREE_MOVES_PER_TURN = 10;

export const StartRequest = z.object({
  SourceArn: z.string(),
  DestinationArn: z.string().exactOptional(),
  MaxNumberOfMessagesPerSecond: z.number().exactOptional(),
});
export const ListRequest = z.object({ SourceArn: z.string(), MaxResults: z.number().default(1) });
export const CancelRequest = z.object({ TaskHandle: z.string() });

export interface MoveTasks {
  start(request: z.infer<typeof StartRequest>): object;
  list(request: z.infer<typeof ListRequest>): object;
  cancel(request: z.infer<typeof CancelRequest>): object;
  /** Stops the running tasks. */
  close(): void;
}

interface Task {
  readonly handle: string;
  readonly request: z.infer<typeof StartRequest>;
  readonly startedAtMs: number;
  /** The messages at its start: a message that returns meanwhile is not moved again. */
  readonly toMove: number;
  readonly ending: AbortController;
  moved: number;
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
  failureReason?: string;
}

/** The part of the queues that a task needs. */
export interface MoveTasksOptions {
  readonly queues: SqsStore;
  readonly notes: MessageNotes;
  atomically<T>(work: () => T): T;
}

export function createMoveTasks(options: MoveTasksOptions): MoveTasks {
  const { queues } = options;
  /** The newest first. */
  const tasks: Task[] = [];
  const named = (parameter: 'SourceArn' | 'DestinationArn', arn: string): SqsQueue => {
    const queue = queues.getQueueByArn(arn);
    if (queue === undefined) {
      throw notFound(`The resource that you specified for the ${parameter} parameter doesn't exist.`);
    }
    return queue;
  };
  const of = (sourceArn: string) => tasks.filter(({ request }) => request.SourceArn === sourceArn);

  return {
    start(request) {
      const { SourceArn, DestinationArn, MaxNumberOfMessagesPerSecond: rate } = request;
      if (rate !== undefined) inRange('MaxNumberOfMessagesPerSecond', rate, MAX_PER_SECOND);
      const source = named('SourceArn', SourceArn);
      const destination = DestinationArn === undefined ? undefined : named('DestinationArn', DestinationArn);
      if (source.isFifo() || destination?.isFifo()) {
        throw new ApiError(
          'UnsupportedOperation',
          'The embedded SQS moves messages of standard queues only.',
        );
      }
      if (sourcesOf(queues, SourceArn).length === 0) {
        throw invalid('Source queue must be configured as a Dead Letter Queue.');
      }
      if (of(SourceArn).some(({ status }) => status === 'RUNNING')) {
        throw invalid(
          'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
        );
      }
      source.processTimers();
      const task: Task = {
        handle: randomUUID(),
        request,
        startedAtMs: Date.now(),
        toMove: source.messages.length,
        ending: new AbortController(),
        moved: 0,
        status: 'RUNNING',
      };
      tasks.unshift(task);
      void work(options, task);
      return { TaskHandle: task.handle };
    },
    list({ SourceArn, MaxResults }) {
      inRange('MaxResults', MaxResults, MAX_RESULTS);
      named('SourceArn', SourceArn);
      return { Results: of(SourceArn).slice(0, MaxResults).map(described) };
    },
    cancel({ TaskHandle }) {
      const task = tasks.find(({ handle }) => handle === TaskHandle);
      if (task === undefined) throw notFound('Task does not exist.');
      if (task.status !== 'RUNNING') {
        throw new ApiError(
          'UnsupportedOperation',
          `The task is ${task.status}; only RUNNING can be cancelled.`,
        );
      }
      task.status = 'CANCELLED';
      task.ending.abort();
      return { ApproximateNumberOfMessagesMoved: task.moved };
    },
    close() {
      for (const { ending } of tasks) ending.abort();
    },
  };
}

/** As AWS words it, which the API reference does not show. */
const invalid = (message: string) => new ApiError('InvalidParameterValue', message);
const notFound = (message: string) => new ApiError('ResourceNotFoundException', message, 404);

function inRange(parameter: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw invalid(
    `Value ${value} for parameter ${parameter} is invalid. Reason: Must be between 1 and ${most}.`,
  );
}

function described({ handle, request, startedAtMs, toMove, moved, status, failureReason }: Task): object {
  return {
    ...request,
    ...(status === 'RUNNING' && { TaskHandle: handle }),
    ...(failureReason !== undefined && { FailureReason: failureReason }),
    Status: status,
    StartedTimestamp: startedAtMs,
    ApproximateNumberOfMessagesMoved: moved,
    ApproximateNumberOfMessagesToMove: toMove,
  };
}

async function work(options: MoveTasksOptions, task: Task): Promise<void> {
  const rate = task.request.MaxNumberOfMessagesPerSecond;
  const [movesPerTurn, turnMs] = rate === undefined ? [FREE_MOVES_PER_TURN, 0] : [1, Math.ceil(1000 / rate)];
  const { signal } = task.ending;
  try {
    let more = task.toMove > 0;
    while (more) {
      await pause(turnMs, undefined, { signal });
      for (let moves = 0; more && moves < movesPerTurn; moves++) {
        more = options.atomically(() => move(options, task));
      }
    }
    task.status = 'COMPLETED';
  } catch (error) {
    if (signal.aborted) return;
    task.status = 'FAILED';
    task.failureReason = error instanceof Error ? error.message : String(error);
  }
}

/**
 * Moves one message.
 * @returns whether there may be another
 * @throws with the message where it was
 */
function move({ queues, notes }: MoveTasksOptions, task: Task): boolean {
  const { SourceArn, DestinationArn } = task.request;
  const source = existing(queues, SourceArn);
  source.processTimers();
  const message = source.messages.shift();
  if (message === undefined) return false;
  try {
    const target = existing(queues, DestinationArn ?? homeOf(queues, notes.of(message).originArn, SourceArn));
    // Disk first: if it refuses, the transaction is undone and the message returns to memory.
    source.persistence?.deleteMessage(message.messageId);
    target.enqueue(anew(message));
  } catch (error) {
    source.messages.unshift(message);
    throw error;
  }
  task.moved += 1;
  return task.moved < task.toMove;
}

/** The reasons are those of https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/troubleshooting-dlq-redrive.html */
function existing(queues: SqsStore, arn: string): SqsQueue {
  const queue = queues.getQueueByArn(arn);
  if (queue === undefined) throw new Error('AWS.SimpleQueueService.NonExistentQueue');
  return queue;
}

/**
 * SQS knows no source queue of a message that was sent to the dead-letter queue directly, and fails the task. Here
 * such a message goes to the only queue to which the dead-letter queue belongs, and the task fails if there are
 * several.
 */
function homeOf(queues: SqsStore, originArn: string | undefined, deadLetterQueueArn: string): string {
  if (originArn !== undefined) return originArn;
  const [only, ...others] = sourcesOf(queues, deadLetterQueueArn);
  if (only === undefined || others.length > 0) throw new Error('CouldNotDetermineMessageSource');
  return only.arn;
}

/** A moved message is a new one: it has its own id, and its age and receives count from now. */
function anew(message: SqsMessage): SqsMessage {
  const { body, md5OfBody, messageAttributes, md5OfMessageAttributes, messageGroupId } = message;
  return {
    messageId: randomUUID(),
    body,
    md5OfBody,
    messageAttributes,
    md5OfMessageAttributes,
    ...(messageGroupId !== undefined && { messageGroupId }),
    sentTimestamp: Date.now(),
    approximateReceiveCount: 0,
  };
}
