/**
 * The shape of the contract: one entry for each operation of the API. The router, the OpenAPI document and the tests are made
 * of these entries, so there is nothing that one of them could forget.
 */
import type * as z from 'zod';
import type { Scope } from '../../domain/access/scope.ts';
import type { ErrorCode } from '../../domain/errors.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Which credentials open an operation. */
export type Access =
  | { readonly kind: 'public' }
  | {
      readonly kind: 'tenant';
      readonly scope: Scope;
      /**
       * What a narrowed credential opens: `job` the one job that the path names, if it is reached; `list` a list with the
       * narrowing as a filter; `creation` a job that lies within the narrowing; `closed` nothing.
       */
      readonly narrowing: 'job' | 'list' | 'creation' | 'closed';
    }
  /** IAM alone. The door for tenants does not have these. */
  | { readonly kind: 'operator' };

export interface Operation {
  readonly method: Method;
  /** @example /v1/jobs/{jobId} */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly description?: string;
  readonly tag: 'jobs' | 'groups' | 'operations' | 'endpoints' | 'tenants' | 'schedules' | 'keys' | 'service';
  /** Each parameter once, as text. A parameter that is not here is refused. */
  readonly query?: z.ZodObject;
  /** Request headers that the operation reads. */
  readonly headers?: readonly HeaderName[];
  /** The JSON body. The reader of the operation checks it. */
  readonly body?: z.ZodType;
  /** That of a message if absent. */
  readonly maxBodyBytes?: number;
  readonly answers: Readonly<Record<number, Answered>>;
  /** The codes that this operation adds to those of every operation of its door. */
  readonly problems: readonly ErrorCode[];
}

export interface Answered {
  readonly description: string;
  /** Absent: no body. */
  readonly body?: z.ZodType;
  readonly headers?: readonly string[];
}

export type HeaderName = 'Idempotency-Key' | 'If-Match' | 'If-None-Match' | 'traceparent';

/** Keeps the literal types of an entry. */
export function operations<const T extends Readonly<Record<string, Operation>>>(entries: T): T {
  return entries;
}

export const isForTenants = ({ access }: Operation): boolean => access.kind !== 'operator';

/** What the reader of a small JSON body may say of it. Submissions have more to be wrong. */
export const READS_BODY = [
  'content_type',
  'body_not_json',
  'body_not_object',
  'field_invalid',
  'field_missing',
  'field_type',
  'field_unknown',
] as const satisfies readonly ErrorCode[];
