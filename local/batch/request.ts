/** What every operation of the API shares: the shape of a request, how one is refused, and how a list is cut into pages. */
import * as z from 'zod';
import { ApiError } from '../aws.ts';

export type Body = Readonly<Record<string, unknown>>;
/** Answers one API operation: a request body in, a reply body out; a refusal is thrown as ApiError. */
export type Operation = (body: Body) => unknown;

const MAX_TAGS = 50;

export const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, 'takes up to 128 letters, digits, - and _');
export const Tags = z
  .record(z.string().min(1).max(128), z.string().max(256))
  .refine((tags) => Object.keys(tags).length <= MAX_TAGS, `takes at most ${MAX_TAGS} tags`);
export const EnabledState = z.enum(['ENABLED', 'DISABLED']);

/** `ClientException` is Batch's one answer to whatever is wrong with a request. */
export function refusal(text: string): ApiError {
  return new ApiError('ClientException', text);
}

/** @throws the refusal of the first fault found, named by its path in the request */
export function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.join('.');
  throw refusal(path ? `${path}: ${issue?.message}` : `${issue?.message}`);
}

const Paging = z.object({ maxResults: z.int().min(1).max(100).optional(), nextToken: z.string().optional() });

/** One page of a list short enough to be read whole; the token is the place of the next item. */
export function page<Item>(items: readonly Item[], body: Body): { items: Item[]; nextToken?: string } {
  const { maxResults = 100, nextToken = '0' } = parse(Paging, body);
  const from = Number(nextToken);
  if (!Number.isSafeInteger(from) || from < 0) throw refusal('nextToken is not valid');
  const to = from + maxResults;
  return { items: items.slice(from, to), ...(to < items.length && { nextToken: String(to) }) };
}
