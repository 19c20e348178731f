/** The event of a refused message, for the tenant that it names; there is none when it is not certain which tenant that is. */
import { IdempotencyKey, JobTypeId, TenantId } from '../job/ids.ts';
import { withoutInternals } from '../redaction.ts';
import { isObject, letters } from '../request/explain.ts';
import { keysOfObject } from '../request/json.ts';
import type { RejectedEvent } from '../webhook/notification.ts';
import { type DeadLetter, failedJobIn } from './dead-letter.ts';

interface Refused {
  readonly id: string;
  readonly body: string;
  readonly sentAtMs?: number | undefined;
}

const MAX_POINTER_CHARACTERS = 512;

/** The fields of an envelope are not the message's own. */
const NAMES_NO_TENANT: ReadonlySet<string> = new Set(['tenant_unknown', 'envelope_unexpected']);

/**
 * @param letter its dead letter, which has the reason
 * @returns none when the message names no known tenant, or when another reader of it could see another tenant. None for
 *   the letter of a failed job either: the tenant has been told of that failure, and an operator sent this message
 */
export function rejectionOf(message: Refused, letter: DeadLetter): RejectedEvent[] {
  const { code = '', pointer = '', reason = '', refusedAt = '' } = letter.attributes;
  if (NAMES_NO_TENANT.has(code) || failedJobIn(letter) !== undefined) return [];
  const { tenantId, jobType, idempotencyKey } = certainSender(message.body);
  if (tenantId === undefined) return [];
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

const schemas = { tenantId: TenantId, jobType: JobTypeId, idempotencyKey: IdempotencyKey };
type Field = keyof typeof schemas;

/**
 * What the body says of its sender beyond doubt: a field that is there once, and not in another spelling as well. Of two
 * fields with one name JSON.parse takes the last, and the sender may have meant the first.
 */
function certainSender(body: string): Readonly<Record<Field, string | undefined>> {
  const keys = keysOfObject(body);
  const fields = objectIn(body);
  const certain = (name: Field) => {
    const spellings = keys.filter((key) => letters(key) === letters(name));
    const once = spellings.length === 1 && spellings[0] === name;
    return once ? schemas[name].safeParse(fields[name]).data : undefined;
  };
  return {
    tenantId: certain('tenantId'),
    jobType: certain('jobType'),
    idempotencyKey: certain('idempotencyKey'),
  };
}

function objectIn(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
