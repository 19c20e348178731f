/** What every operation of the API shares: how a request is read, how one is refused, and how a list is cut into pages. */
import * as z from 'zod';
import { ApiError } from '../aws.ts';
import { TagMap } from '../tags.ts';

export type Body = Readonly<Record<string, unknown>>;
/** Answers one API operation: a request body in, a reply body out; a refusal is thrown as ApiError. */
export type Operation = (body: Body) => unknown;

/** The API's Integer is one of 32 bits; what is larger does not reach Batch. */
export const Int32 = z
  .int()
  .min(-(2 ** 31))
  .max(2 ** 31 - 1);
export const Name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/, 'takes up to 128 letters, digits, - and _');
/** Batch reserves the prefix for values too. @see https://docs.aws.amazon.com/batch/latest/userguide/tag-restrictions.html */
export const Tags = TagMap.refine(
  (tags) => !Object.values(tags).some((value) => /^aws:/i.test(value)),
  'values that begin with aws: are reserved',
);
export const EnabledState = z.enum(['ENABLED', 'DISABLED']);

/** `ClientException` is Batch's answer to every invalid request. */
export function refusal(text: string): ApiError {
  return new ApiError('ClientException', text);
}

/**
 * A member that is null counts as absent, as in every AWS API. One that the schema does not have is refused by name:
 * if it was ignored, what passes here might mean something else in AWS.
 *
 * @throws the refusal of the first fault found, named by its path in the request
 */
export function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(withoutNulls(body), { error: sentence });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue === undefined) throw refusal('The request is not valid');
  const path = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    throw refusal(`not implemented here: ${[...issue.path, issue.keys[0]].join('.')}`);
  }
  throw refusal(path ? `${path}: ${issue.message}` : issue.message);
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const present = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(present.map(([name, member]) => [name, withoutNulls(member)]));
}

/** For what a schema has no words of its own. */
function sentence(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return 'is required';
  switch (issue.code) {
    case 'invalid_type':
      return `takes a value of type ${issue.expected}`;
    case 'too_small':
      return `takes ${issue.origin === 'number' ? 'a number' : 'a length'} of at least ${issue.minimum}`;
    case 'too_big':
      return `takes ${issue.origin === 'number' ? 'a number' : 'a length'} of at most ${issue.maximum}`;
    case 'invalid_value':
      return `takes one of ${issue.values.join(', ')}`;
    case 'invalid_key':
      return issue.issues[0]?.message;
    default:
      return undefined;
  }
}

export const Paging = {
  maxResults: z.int().min(1).max(100).default(100),
  nextToken: z
    .string()
    .regex(/^\d{1,15}$/, 'is not valid')
    .default('0'),
};

/** One page of a list short enough to be read whole; the token is the place of the next item. */
export function page<Item>(
  items: readonly Item[],
  { maxResults, nextToken }: { readonly maxResults: number; readonly nextToken: string },
): { items: Item[]; nextToken?: string } {
  const from = Number(nextToken);
  const to = from + maxResults;
  return { items: items.slice(from, to), ...(to < items.length && { nextToken: String(to) }) };
}
