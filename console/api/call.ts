/** One call of the API, through the server of this page. What was not changed since is not sent again. */
import type { Answers, Bodies, Problem } from './schema.ts';
import { forget, secretOf } from './session.ts';
import { pathOf, type Told } from './told.ts';

export type Operation = keyof Answers;

export type CallOptions<O extends Operation> = {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly idempotencyKey?: string;
  readonly ifMatch?: string | undefined;
  readonly signal?: AbortSignal | undefined;
} & (O extends keyof Bodies ? { readonly body: Bodies[O] } : { readonly body?: never });

export interface Answered<O extends Operation> {
  readonly status: number;
  readonly body: Answers[O];
  readonly etag: string | undefined;
}

/** A call that was refused, or that had no answer; `message` is a sentence for its reader. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  readonly pointer: string;
  constructor(message: string, { status, code, pointer }: { status: number; code: string; pointer: string }) {
    super(message);
    this.status = status;
    this.code = code;
    this.pointer = pointer;
  }
}

/** There was no answer, of Headgate or of the table behind it: what is on the screen may be shown on. */
export const isOutage = (error: unknown): boolean =>
  error instanceof Refusal && (error.status === 0 || error.status >= 500);
export const isEnded = (error: unknown): boolean => error instanceof Refusal && error.status === 401;

interface Kept {
  readonly etag: string;
  readonly body: unknown;
}
/** The last answers with a tag; the oldest is let go first. */
const kept = new Map<string, Kept>();
const MAX_KEPT = 200;

export async function call<O extends Operation>(operation: O, options: CallOptions<O>): Promise<Answered<O>> {
  const [method = ''] = operation.split(' ');
  const { path, query } = options;
  const url = `/console${pathOf({ operation, path, query })}`;
  const before = method === 'get' ? kept.get(url) : undefined;
  const response = await sent(method.toUpperCase(), url, options, before);
  // The types are those of the document that this API serves.
  const answered = (body: unknown, etag: string | undefined) =>
    ({ status: response.status, body, etag }) as Answered<O>;
  if (response.status === 304 && before !== undefined) return answered(before.body, before.etag);
  if (!response.ok) throw await refusalOf(response);
  const body: unknown = response.status === 204 ? undefined : await response.json();
  const etag = response.headers.get('etag') ?? undefined;
  if (method === 'get' && etag !== undefined) keep(url, { etag, body });
  return answered(body, etag);
}

/** A call that was not made yet: an act tells which it will make, and makes the same ones. */
export interface Ready<O extends Operation> extends Told {
  send(): Promise<Answered<O>>;
}

export const ready = <O extends Operation>(operation: O, options: CallOptions<O>): Ready<O> => ({
  ...options,
  operation,
  send: () => call(operation, options),
});

async function sent(
  method: string,
  url: string,
  { body, idempotencyKey, ifMatch, signal }: CallOptions<Operation>,
  before: Kept | undefined,
): Promise<Response> {
  try {
    const secret = await secretOf();
    const headers = Object.entries({
      'headgate-console': secret ?? 'none',
      'content-type': body === undefined ? undefined : 'application/json',
      'idempotency-key': idempotencyKey,
      'if-match': ifMatch,
      'if-none-match': before?.etag,
    }).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status === 401 && secret !== undefined) forget(secret);
    return response;
  } catch (error) {
    signal?.throwIfAborted();
    const cause = error instanceof Error ? error.name : '';
    throw new Refusal('Headgate gives no answer.', { status: 0, code: `no_answer${cause}`, pointer: '' });
  }
}

export async function refusalOf(response: Response): Promise<Refusal> {
  const told = (await response.json().catch(() => ({}))) as Partial<Problem>; // a stranger's answer has none of its fields
  const { status } = response;
  return new Refusal(told.detail ?? `The API answered with status ${status}.`, {
    status,
    code: told.code ?? `http_${status}`,
    pointer: told.errors?.[0]?.pointer ?? '',
  });
}

function keep(url: string, answer: Kept): void {
  kept.delete(url);
  kept.set(url, answer);
  for (const oldest of kept.keys()) if (kept.size > MAX_KEPT) kept.delete(oldest);
}
