/** What a handler of an operation is given and gives. */

import type { Refused } from '../application/resources/refused.ts';
import type { Mine } from '../application/resources/resources.ts';
import type { Narrowing } from '../domain/access/narrowing.ts';
import type { SignedBy } from '../domain/job/job.ts';
import type { Audience } from '../domain/reading/job-view.ts';
import type { HeaderName, Operation } from './contract/operation.ts';

/** The sender of a request, after the credential and the scope were checked. */
export interface Caller {
  readonly audience: Audience;
  /** For the log: the id of a key, or the ARN of an operator. */
  readonly by: string;
  /** What a job that it makes remembers of it. */
  readonly signedBy: SignedBy | undefined;
  /** Absent for an operator who names none. */
  readonly tenantId: string | undefined;
  readonly narrowing: Narrowing;
}

export interface Asked {
  readonly caller: Caller;
  /** What the caller reaches, and the only way to a thing by its id. */
  readonly mine: Mine;
  /** Of the path, decoded and not checked. */
  readonly path: Readonly<Record<string, string>>;
  /** As the operation's schema has read it. */
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly headers: Readonly<Partial<Record<HeaderName, string>>>;
  readonly body: string;
  readonly requestId: string;
}

export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The answer has an ETag, and is 304 for a reader that has it. */
  readonly tagged?: Tagged;
}

/** `whole` is asked for only when the reader has another tag: what is large and never changes need not be read to know that. */
export interface Tagged {
  /** It differs whenever the body would. */
  readonly by: unknown;
  whole(): Promise<unknown>;
}

/** Of a body that is there anyway. */
export const taggedBy = (body: unknown): Tagged => ({ by: body, whole: async () => body });

export type Handler = (asked: Asked) => Promise<Answer | Refused>;
export type Handlers<Id extends string> = Readonly<Record<Id, Handler>>;

/** An operation that a door has. */
export interface Served {
  readonly id: string;
  readonly operation: Operation;
  readonly handler: Handler;
}

/** Each operation with its handler: the compiler knows that none is missing. */
export function served<Id extends string>(
  operations: Readonly<Record<Id, Operation>>,
  handlers: Handlers<Id>,
): Served[] {
  const ids = Object.keys(operations) as Id[]; // its own keys
  return ids.map((id) => ({ id, operation: operations[id], handler: handlers[id] }));
}

export function ok(body: unknown): Answer {
  return { kind: 'answer', status: 200, body };
}
