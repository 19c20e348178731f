/** A message is sent on the front queue, and what becomes of it is looked for. */
import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { deadLetters } from '../../io/aws/dead-letters.ts';
import { Stopped } from '../program/stopped.ts';
import type { Context } from '../program/verb.ts';
import { findQueues } from '../stack/find.ts';
import type { Stack } from '../stack/stack.ts';

const LOOK_EVERY_MS = 200;
const LOOKS_AFTER_MS = [2000, 8000];

/** Looks until it is there. @returns undefined when it has not come in time. @throws Stopped at an interrupt */
export async function appearance<T>(
  look: () => Promise<T | undefined>,
  name: string,
  patienceMs: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const untilMs = performance.now() + patienceMs;
  while (!signal.aborted) {
    const found = await look();
    if (found !== undefined || performance.now() > untilMs) return found;
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  throw new Stopped('interrupted', `Interrupted; ${name} may come all the same.`);
}

/**
 * @param look reads what intake makes of the message. @param name of what is made
 * @throws Stopped with the refusal that intake wrote on the dead letter
 */
export async function sent<T>(
  request: { readonly tenantId: string },
  { look, name }: { readonly look: () => Promise<T | undefined>; readonly name: string },
  stack: Stack,
  { signal }: Context,
): Promise<T> {
  const queues = await findQueues(stack.sqs(), stack.stage);
  const { MessageId = '' } = await stack.sqs().send(
    new SendMessageCommand({
      QueueUrl: queues.front,
      MessageBody: JSON.stringify(request),
      MessageGroupId: request.tenantId,
    }),
  );
  const letters = deadLetters(stack.sqs(), queues);
  for (const patienceMs of LOOKS_AFTER_MS) {
    const found = await appearance(look, name, patienceMs, signal);
    if (found !== undefined) return found;
    // A look hides letters from other readers, so there are few.
    const refusals = await letters.scan(
      ({ id }) => id === MessageId,
      async ({ letters: seen }) => seen.map(({ letter }) => letter),
      signal,
    );
    const [refusal] = refusals;
    if (refusal !== undefined)
      throw new Stopped(
        'refused',
        `${refusal.code}: ${refusal.reason} The message is the dead letter ${MessageId}.`,
      );
  }
  throw new Stopped(
    'failed',
    `The message ${MessageId} was sent, and there is no ${name} of it yet, and no letter.`,
  );
}
