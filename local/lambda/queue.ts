/** The queue of one mapping, as its poller needs it. */
import type { Message } from './sqs-event.ts';

/** Calls of SQS, by the names and members of its API. */
export interface QueueCalls {
  /** @throws when it is refused, or on abort */
  receive(
    input: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
  ): Promise<{ readonly Messages?: readonly Message[] | undefined }>;
  /** DeleteMessageBatch. @throws when it is refused */
  remove(input: Readonly<Record<string, unknown>>): Promise<{
    readonly Failed?:
      | readonly { readonly Code?: string | undefined; readonly Message?: string | undefined }[]
      | undefined;
  }>;
}

export interface Queue {
  /**
   * One batch, with a wait of up to 20 s for its first message.
   * @throws when the queue cannot be asked, or on abort
   */
  gather(): Promise<Message[]>;
  remove(messages: readonly Message[]): Promise<void>;
}

/** Limits of SQS itself. */
const LONG_POLL_SECONDS = 20;
const PER_CALL = 10;

export function openQueue(
  calls: QueueCalls,
  { queueUrl, batchSize, windowSeconds }: { queueUrl: string; batchSize: number; windowSeconds: number },
  signal: AbortSignal,
): Queue {
  async function receive(waitSeconds: number, most: number): Promise<Message[]> {
    const request = {
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(most, PER_CALL),
      WaitTimeSeconds: Math.min(waitSeconds, LONG_POLL_SECONDS),
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    };
    const { Messages = [] } = await calls.receive(request, signal);
    return [...Messages];
  }

  return {
    async gather() {
      const batch = await receive(LONG_POLL_SECONDS, batchSize);
      // The window opens with the first message. SQS waits in whole seconds, so it may close up to one late.
      const closesAt = performance.now() + windowSeconds * 1000;
      let plenty = batch.length === PER_CALL;
      while (batch.length > 0 && batch.length < batchSize) {
        const leftSeconds = Math.max(0, Math.ceil((closesAt - performance.now()) / 1000));
        if (leftSeconds === 0 && !plenty) break;
        // Messages already received must not be lost to a fault now; the next batch meets the same fault and reports
        // it.
        const more = await receive(leftSeconds, batchSize - batch.length).catch(() => undefined);
        if (!more) break;
        plenty = more.length === PER_CALL;
        batch.push(...more);
      }
      return batch;
    },
    async remove(messages) {
      for (let from = 0; from < messages.length; from += PER_CALL) {
        const some = messages.slice(from, from + PER_CALL);
        const Entries = some.map(({ ReceiptHandle }, index) => ({ Id: `${index}`, ReceiptHandle }));
        const { Failed = [] } = await calls.remove({ QueueUrl: queueUrl, Entries });
        if (Failed[0])
          throw new Error(`${Failed.length} not deleted: ${Failed[0].Message ?? Failed[0].Code}`);
      }
    },
  };
}
