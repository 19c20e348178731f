/** The event of a refused message, for the tenant that it names. */
import { withoutInternals } from '../redaction.ts';
import type { RejectedEvent } from '../webhook/notification.ts';
import type { DeadLetter } from './dead-letter.ts';
import { senderOf } from './letter.ts';

interface Refused {
  readonly id: string;
  readonly body: string;
  readonly sentAtMs?: number | undefined;
}

const MAX_POINTER_CHARACTERS = 512;

/**
 * @param letter its dead letter, which has the reason
 * @returns none when the message names no known tenant
 */
export function rejectionOf(message: Refused, letter: DeadLetter): RejectedEvent[] {
  const { code = '', pointer = '', reason = '', refusedAt = '' } = letter.attributes;
  const { tenant: tenantId, type: jobType, key: idempotencyKey } = senderOf(message.body);
  if (tenantId === undefined || code === 'tenant_unknown') return [];
  // A message that is received again and refused again is the same event, so its time is not the time of the refusal.
  const timestamp = message.sentAtMs === undefined ? refusedAt : new Date(message.sentAtMs).toISOString();
  const data = {
    messageId: message.id,
    tenantId,
    ...(jobType === undefined ? {} : { jobType }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    sequence: 1,
    code,
    pointer: pointer.slice(0, MAX_POINTER_CHARACTERS),
    message: withoutInternals(reason),
  };
  return [{ type: 'job.rejected', timestamp, data }];
}
