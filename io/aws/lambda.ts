/**
 * What all functions behind a queue share: messages in, and an answer that returns only the unfinished ones to the
 * queue.
 */
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Log, MeasuringLog } from '../process/log.ts';

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The same for each receive. */
  readonly sentAtMs?: number;
  /** Of a caller that X-Ray traces. */
  readonly awsTraceHeader?: string | undefined;
}

/**
 * Answers with the ids of the messages that are done. All others go back to the queue, and after its limit of receives
 * to its dead-letter queue.
 */
export type MessageBatch = (messages: readonly Message[]) => Promise<ReadonlySet<string>>;

export function queueHandler(log: MeasuringLog, handle: MessageBatch) {
  return middy<SQSEvent, SQSBatchResponse>()
    .use(counting(log))
    .use(keepAllOnError(log))
    .handler(async (event) => {
      const done = await handle(event.Records.map(messageOf));
      return failures(event.Records.map(({ messageId }) => messageId).filter((id) => !done.has(id)));
    });
}

/** A function that is invoked and answers. A fault is logged and thrown: the caller sees that there is no answer, and nothing of it. */
export function callHandler<Answer>(log: Log, answer: (event: unknown) => Promise<Answer>) {
  return middy<unknown, Answer>().handler(async (event) => {
    try {
      return await answer(event);
    } catch (error) {
      log.error('call:answer:failed', { error });
      throw new CallFailed();
    }
  });
}

/**
 * The same for one that has a queue, too. A caller could make up such an event, so nothing in it may be worth more than a call.
 */
export function callOrQueueHandler<Answer>(
  log: MeasuringLog,
  answer: (event: unknown) => Promise<Answer>,
  handle: MessageBatch,
) {
  const [called, queued] = [callHandler(log, answer), queueHandler(log, handle)];
  return (event: unknown, context: Context): Promise<Answer | SQSBatchResponse> =>
    isOfQueue(event) ? queued(event, context) : called(event, context);
}

const isOfQueue = (event: unknown): event is SQSEvent =>
  typeof event === 'object' && event !== null && 'Records' in event && Array.isArray(event.Records);

class CallFailed extends Error {
  override readonly name = 'CallFailed';
}

/** A function on a schedule. A run that fails is logged and not repeated: the next one follows in a minute. */
export function scheduleHandler(log: MeasuringLog, run: () => Promise<void>) {
  return middy<unknown, void>()
    .use(counting(log))
    .use({ onError: ({ error }) => log.error('schedule:run:failed', { error }) })
    .handler(run);
}

/** After an error, too: what was done until then counts. */
function counting(log: MeasuringLog) {
  return { after: () => log.flush(), onError: () => log.flush() };
}

/**
 * A thrown error would make Lambda slow down the whole queue, so one tenant's failure would affect all.
 * @see AWS Lambda developer guide, "Handling errors for an SQS event source"
 */
function keepAllOnError(log: Log): middy.MiddlewareObj<SQSEvent, SQSBatchResponse> {
  return {
    onError: (request) => {
      log.error('batch:handle:failed', { error: request.error, count: request.event.Records.length });
      request.response = failures(request.event.Records.map(({ messageId }) => messageId));
    },
  };
}

function failures(ids: readonly string[]): SQSBatchResponse {
  return { batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) };
}

function messageOf(record: SQSRecord): Message {
  const attributes = Object.entries(record.messageAttributes).flatMap(([name, { stringValue }]) =>
    stringValue === undefined ? [] : [[name, stringValue] as const],
  );
  return {
    id: record.messageId,
    body: record.body,
    attributes: Object.fromEntries(attributes),
    sentAtMs: Number(record.attributes.SentTimestamp),
    awsTraceHeader: record.attributes.AWSTraceHeader,
  };
}
