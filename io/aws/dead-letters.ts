/**
 * The dead-letter queue, read and emptied by an operator. SQS hides each message that it returns, so a reader hides
 * all of them while it works, and makes visible again what it did not remove.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type Letter, readLetter, type StoredMessage } from '../../domain/dead-letter/letter.ts';

export interface Found {
  readonly letter: Letter;
  readonly stored: StoredMessage;
  /** As SQS returned it: attributes of every type, and the receipt. */
  readonly message: Message;
}

/** Everything in the queue at one moment, hidden from other readers meanwhile. */
export interface Visit {
  /** The wanted ones, oldest first. */
  readonly letters: readonly Found[];
  /** How many letters of the queue were not wanted. */
  readonly others: number;
  /** How many were hidden before: by another reader, or by one that was killed within the last minute. */
  readonly hidden: number;
  /** Sends the letter to the front queue again and removes it. Returns when both are done. */
  redrive(found: Found): Promise<void>;
  remove(found: Found): Promise<void>;
}

export interface DeadLetters {
  /**
   * Calls `use` once with all wanted letters. The letters that it leaves, or all that are left when it throws, are
   * visible again when this returns; after a kill, when the visibility timeout ends.
   *
   * @param signal ends the reading; `use` must observe it itself
   */
  scan<T>(
    wanted: (letter: Letter) => boolean,
    use: (visit: Visit) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
}

/** How long a letter stays hidden when its reader dies, and how often a living reader renews that. */
export interface Hold {
  readonly visibilitySeconds: number;
  readonly renewEveryMs: number;
}

/** The limit of SQS for one call. */
const MAX_MESSAGES = 10;
const CALLS_AT_ONCE = 8;
/** A long poll asks all servers of the queue; a short poll asks some, and may find a queue empty that is not. */
const WAIT_SECONDS = 1;

export function deadLetters(
  client: SQSClient,
  urls: { readonly deadLetters: string; readonly front: string },
  hold: Hold = { visibilitySeconds: 60, renewEveryMs: 20_000 },
): DeadLetters {
  return {
    async scan(wanted, use, signal) {
      const held = heldLetters(client, urls.deadLetters, hold);
      try {
        const count = await countMessages(client, urls.deadLetters);
        await readAll(held, count.visible, signal);
        const others = held.letters().filter(({ letter }) => !wanted(letter));
        await held.giveBack(others);
        return await use({
          letters: held.letters().toSorted((a, b) => a.letter.atMs - b.letter.atMs),
          others: others.length,
          hidden: count.hidden,
          async redrive(found) {
            // A crash in between leaves the letter in both queues, never in none. A second redrive leads to the same
            // job: the request has the same key, and a failed job has one child.
            await client.send(new SendMessageCommand({ QueueUrl: urls.front, ...toSend(found) }));
            await held.remove(found);
          },
          remove: held.remove,
        });
      } finally {
        await held.end();
      }
    },
  };
}

/**
 * Reads until eight receives at once return nothing new. Letters may arrive faster than they are read: when as many
 * are read as there were, two rounds without a full answer are enough.
 */
async function readAll(held: Held, expected: number, signal: AbortSignal): Promise<void> {
  for (let thinRounds = 0; thinRounds < 2; ) {
    signal.throwIfAborted();
    const before = held.letters().length;
    const sizes = await held.receive();
    const now = held.letters().length;
    if (now === before) return;
    const thin = now >= expected && sizes.every((size) => size < MAX_MESSAGES);
    thinRounds = thin ? thinRounds + 1 : 0;
  }
}

type Held = ReturnType<typeof heldLetters>;

/** The letters that this command hides, until `end`. */
function heldLetters(client: SQSClient, QueueUrl: string, { visibilitySeconds, renewEveryMs }: Hold) {
  const held = new Map<string, Found>();
  const ending = new AbortController();
  let turn = Promise.resolve();

  async function renew() {
    for (;;) {
      await pause(renewEveryMs, undefined, { signal: ending.signal }).catch(() => undefined);
      if (ending.signal.aborted) return;
      await changeVisibility(() => held.values(), visibilitySeconds);
    }
  }
  void renew();

  /** One after another: a renewal that overtook a release would hide the letters again. */
  function changeVisibility(letters: () => Iterable<Found>, seconds: number): Promise<void> {
    turn = turn.then(() => changeNow(letters(), seconds));
    return turn;
  }

  /**
   * Never throws: a missed letter becomes visible by itself, and an action on a letter that was visible early is
   * harmless.
   */
  async function changeNow(letters: Iterable<Found>, VisibilityTimeout: number) {
    const Entries = Array.from(letters, ({ message: { ReceiptHandle } }, i) => ({
      Id: String(i),
      ReceiptHandle,
      VisibilityTimeout,
    }));
    for (const round of chunks(chunks(Entries, MAX_MESSAGES), CALLS_AT_ONCE)) {
      const calls = round.map((Entries) => new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
      await Promise.allSettled(calls.map((call) => client.send(call)));
    }
  }

  async function giveBack(letters: readonly Found[]) {
    for (const { letter } of letters) held.delete(letter.messageId);
    await changeVisibility(() => letters, 0);
  }

  return {
    letters: () => [...held.values()],
    giveBack,
    /** @returns how many letters each receive returned, known ones included */
    async receive(): Promise<number[]> {
      const receive = {
        QueueUrl,
        MaxNumberOfMessages: MAX_MESSAGES,
        VisibilityTimeout: visibilitySeconds,
        WaitTimeSeconds: WAIT_SECONDS,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['SentTimestamp' as const],
      };
      const answers = await Promise.allSettled(
        Array.from({ length: CALLS_AT_ONCE }, () => client.send(new ReceiveMessageCommand(receive))),
      );
      const received = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.Messages : []));
      for (const message of received.flatMap((messages = []) => messages))
        held.set(message.MessageId ?? '', foundOf(message));
      // Only now: the letters that the other receives have hidden must be known, to make them visible again.
      for (const answer of answers) if (answer.status === 'rejected') throw answer.reason;
      return received.map((messages = []) => messages.length);
    },
    async remove({ letter, message }: Found) {
      await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      held.delete(letter.messageId);
    },
    async end() {
      ending.abort();
      await giveBack([...held.values()]);
    },
  };
}

async function countMessages(client: SQSClient, QueueUrl: string) {
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return {
    visible: Number(Attributes?.ApproximateNumberOfMessages ?? 0),
    hidden: Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}

function foundOf(message: Message): Found {
  const { MessageId = '', Body = '', MessageAttributes = {}, Attributes } = message;
  const attributes = Object.entries(MessageAttributes).flatMap(([name, { StringValue }]) =>
    StringValue === undefined ? [] : [[name, StringValue] as const],
  );
  const stored = {
    messageId: MessageId,
    body: Body,
    attributes: Object.fromEntries(attributes),
    sentAtMs: Number(Attributes?.SentTimestamp ?? 0),
  };
  return { letter: readLetter(stored), stored, message };
}

/**
 * The letter as the service's own message. A letter that SQS moved has no effective key, and may have become a record
 * before its last receive failed, under its message id if it named no key. A message that is sent again gets another
 * id, and without this attribute it would be another job.
 */
function toSend({ letter, stored, message: { MessageAttributes } }: Found) {
  const effectiveKey = { DataType: 'String', StringValue: letter.id };
  return {
    MessageBody: stored.body,
    MessageAttributes: letter.kind === 'moved' ? { effectiveKey, ...MessageAttributes } : MessageAttributes,
    MessageGroupId: letter.tenant,
  };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}

/** One item at a time, never faster than the rate, and none after the signal is aborted. */
export async function* paced<T>(
  items: readonly T[],
  perSecond: number,
  signal: AbortSignal,
): AsyncGenerator<T> {
  let nextAtMs = 0;
  for (const item of items) {
    const waitMs = Math.max(0, nextAtMs - performance.now());
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    nextAtMs = performance.now() + 1000 / perSecond;
    yield item;
  }
}
