/** The formats of the ids and names in a message. The rest of `domain/` builds its records on them. */
import * as z from 'zod';
import { bytesOf } from '../size.ts';

export const JOB_ID = /^job_[a-z2-7]{26}$/;

export const TenantId = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'expected 1 to 63 of a-z, 0-9 and -, as in a host name');
export const JobTypeId = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/, 'expected dotted lower-case words such as csv.summarise');
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'expected 1 to 128 printable ASCII characters without spaces');
/** Jobs of one key run one at a time, or as many at once as the tenant's caps say. */
export const ConcurrencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'expected 1 to 128 printable ASCII characters without spaces');
/** A group is named by its tenant, and its name is part of keys of the table and of addresses of the API. */
export const GROUP_ID = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/;
export const GroupId = z
  .string()
  .regex(
    GROUP_ID,
    'expected 1 to 128 of letters, digits, dot, dash and underscore, with a letter or digit at each end',
  );
/** @see Amazon S3 user guide, "Naming Amazon S3 objects": what is in a key, and its length in UTF-8 */
const MAX_KEY_BYTES = 1024;
const OBJECT_URI = /^s3:\/\/[a-z0-9.-]{3,63}\/(\P{Cc}+)$/u;
/** Any key that S3 takes, spaces and quotation marks included, except control characters; it is not percent-encoded. */
export const ObjectUri = z
  .string()
  .regex(OBJECT_URI, 'expected s3://bucket/key without control characters')
  .refine(
    (uri) => bytesOf(OBJECT_URI.exec(uri)?.[1] ?? '') <= MAX_KEY_BYTES,
    `expected a key of at most ${MAX_KEY_BYTES} bytes in UTF-8`,
  );

/**
 * A value that came as JSON text, or is part of a record made of such text, whose result the worker checked. It is
 * not validated again: a recursive schema makes every schema around it several times slower.
 */
export const JsonValue = z.custom<z.core.util.JSONType>(
  (value) => value !== undefined,
  'expected a JSON value',
);

export const JsonObject = z.record(z.string(), JsonValue);

export const OperationId = z.string().regex(/^op_[a-z2-7]{26}$/, 'expected op_ and 26 characters');
