/** The message with which a job could be sent once more, for an operator to change before it is. */
import type { Bodies, Job } from '../../api/schema.ts';

export type Message = Bodies['post /v1/jobs'];

/** Without its group, what it waited for and its times: those belonged to the first run. The key is a new one, or it would be the same job. */
export function messageOf(job: Job): Message {
  const { jobType, idempotencyKey, input, inputRef, priority, concurrencyKey, timeoutSeconds } = job;
  const { tags = {}, metadata } = job;
  return {
    jobType,
    idempotencyKey: keyAfter(idempotencyKey),
    ...(inputRef === undefined ? { input: input ?? {} } : { inputRef }),
    ...(priority === 'normal' ? {} : { priority: priority as NonNullable<Message['priority']> }), // one that was accepted
    ...(concurrencyKey === undefined ? {} : { concurrencyKey }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** As long as a key may be. */
const MAX_KEY_CHARACTERS = 128;

/** @example report-42-edited, then report-42-edited-2 */
export function keyAfter(key: string): string {
  const [, stem = key, count] = /^(.*)-edited(?:-(\d+))?$/.exec(key) ?? [];
  const end = stem === key ? '-edited' : `-edited-${Number(count ?? 1) + 1}`;
  return stem.slice(0, MAX_KEY_CHARACTERS - end.length) + end;
}

/** @throws Error with a sentence for the operator */
export function messageIn(text: string): Message {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('Expected the message as JSON, found a text that is none.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('Expected the message as one object of JSON.');
  // The API says what is wrong with its fields, each by its name.
  return value as Message;
}
