/** A batch of messages: which of them can be read, and work on each of them that does not affect the others. */
import type * as z from 'zod';
import type { Message } from '../io/aws/lambda.ts';
import type { Log } from '../io/process/log.ts';
import { apart } from './apart.ts';

/**
 * The messages that match their schema. Headgate and AWS write these queues, so a message that does not match is a
 * fault: it is kept, and ends in the queue's dead-letter queue.
 */
export function readable<S extends z.ZodType>(messages: readonly Message[], schema: S, log: Log) {
  return messages.flatMap((message): { message: Message; value: z.output<S> }[] => {
    const parsed = schema.safeParse(jsonOf(message.body));
    if (parsed.success) return [{ message, value: parsed.data }];
    log.error('message:read:failed', { messageId: message.id, why: parsed.error.issues[0]?.message });
    return [];
  });
}

export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Works on all items at once. An item that throws is logged and left out, so its message is kept; the others go on. */
export async function eachAlone<I extends { readonly message: Message }, T>(
  items: readonly I[],
  log: Log,
  work: (item: I) => Promise<T>,
): Promise<T[]> {
  const { done, failed } = await apart(items, work);
  for (const { item, error } of failed)
    log.error('message:handle:failed', { messageId: item.message.id, error });
  return done.map(({ result }) => result);
}

/** @returns the ids of the messages whose entries were all sent; the others are logged, and come back */
export function doneOf<I extends { readonly message: Message }>(
  items: readonly I[],
  unsent: ReadonlyMap<I, unknown>,
  log: Log,
): ReadonlySet<string> {
  for (const [{ message }, error] of unsent)
    log.error('message:handle:failed', { messageId: message.id, error });
  return new Set(items.filter((item) => !unsent.has(item)).map(({ message }) => message.id));
}
