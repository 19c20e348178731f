/** A message that cannot be a job, as it lies in the dead-letter queue: the original body, and why beside it. */
import type { Problem } from './errors.ts';

export interface DeadLetter {
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * The body stays as it came, so that the queue's own redrive sends what the service sent. A message without a key
 * gets the key it would have had: redriven, it has another message id, and must not become another job.
 */
export function refusedMessage(
  body: string,
  why: Problem,
  messageId: string,
  effectiveKey: string,
  nowMs: number,
): DeadLetter {
  return {
    body,
    attributes: {
      code: why.code,
      pointer: attributeText(why.pointer === '' ? '/' : why.pointer),
      reason: attributeText(why.message),
      messageId,
      effectiveKey,
      refusedAt: new Date(nowMs).toISOString(),
    },
  };
}

/** SQS refuses a whole message for one control character in an attribute, and field names are the sender's. */
function attributeText(text: string): string {
  return [...text]
    .map((char) => (char >= ' ' && char <= '~' ? char : '?'))
    .join('')
    .slice(0, 512);
}
