/** An action of the API, and what all of them share. */
import { ApiError } from '../aws.ts';

/** How a call changes the registry. */
export interface Change {
  /** By the stack, which makes what it declares again at each start. */
  readonly declared: boolean;
}
export type Action = (body: unknown, change: Change) => unknown;
export type Actions = Readonly<Record<string, Action>>;

export function page<Item>(
  items: readonly Item[],
  request: { NextToken?: string | undefined; Limit?: number | undefined },
) {
  const from = Number(request.NextToken ?? 0);
  if (!Number.isSafeInteger(from) || from < 0) throw invalid('Parameter NextToken is not valid.');
  const until = from + (request.Limit ?? 100);
  return { items: items.slice(from, until), NextToken: until < items.length ? String(until) : undefined };
}

export function invalid(message: string): ApiError {
  return new ApiError('ValidationException', message);
}
