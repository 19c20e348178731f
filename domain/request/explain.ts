/** Turns the issues of a schema into one problem: a code, a JSON pointer and a sentence without the value. */
import type * as z from 'zod';
import { type Problem, problem } from '../errors.ts';
import { typeName, typeNamed, withFound } from './expectation.ts';
import { nearest } from './spelling.ts';

export interface FieldNames {
  /** The fields of the schema. */
  readonly known: readonly string[];
  /** Fields that are not implemented yet: to ignore one would break what the sender asked for. */
  readonly reserved: readonly string[];
  /** Fields that the job type decides: the refusal says so. */
  readonly forbidden: readonly string[];
}

/** The issue to report: an unknown version explains all others, and a misspelt field explains a missing one. */
export function explain(error: z.ZodError, body: object, fields: FieldNames): Problem {
  const issue =
    error.issues.find((i) => i.path[0] === 'specVersion') ??
    error.issues.find((i) => i.code === 'unrecognized_keys' && i.path.length === 0) ??
    error.issues[0];
  const respelt = respeltFields(body, fields.known);
  if (respelt !== undefined) return respelt;
  if (issue === undefined) return problem('field_invalid', '', 'The message does not match the schema.');
  if (issue.path[0] === 'specVersion') {
    const expected = 'Expected specVersion "1", the only version that this stack accepts.';
    return problem('unsupported_version', '/specVersion', expected);
  }
  if (issue.code === 'unrecognized_keys' && issue.path.length === 0)
    return explainField(issue.keys[0] ?? '', fields);
  return explainIssue(issue, body);
}

/** Names in another convention, which explain every field that is missing for them: the serializer of the sender is set so. */
function respeltFields(body: object, known: readonly string[]): Problem | undefined {
  const respelt = Object.keys(body).flatMap((key) => {
    const field = known.find((name) => name !== key && letters(name) === letters(key));
    return field !== undefined && /[_\-. ]|^[A-Z]/.test(key) ? [{ key, field }] : [];
  });
  const [first] = respelt;
  if (first === undefined) return undefined;
  const found = respelt.map(({ key }) => key).join(', ');
  const expected = respelt.map(({ field }) => field).join(', ');
  return problem(
    'field_unknown',
    jsonPointer([first.key]),
    `Expected names in camelCase: ${expected}; found ${found}.`,
  );
}

/** A name without its spelling: `tenant_id`, `TenantID` and `tenantId` are one. */
export function letters(key: string): string {
  return key.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function explainField(field: string, { known, reserved, forbidden }: FieldNames): Problem {
  const pointer = jsonPointer([field]);
  if (reserved.includes(field)) {
    return problem(
      'not_supported_yet',
      pointer,
      `The field ${field} is reserved and not supported yet; leave it out.`,
    );
  }
  if (forbidden.includes(field)) {
    return problem(
      'field_forbidden',
      pointer,
      `The field ${field} is decided by the job type; leave it out.`,
    );
  }
  const meant = nearest(field, [...known, ...reserved]);
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return problem('field_unknown', pointer, `The message schema has no such field.${hint}`);
}

/** One schema issue, at its place. @param prefix the pointer of the value within the message */
export function explainIssue(issue: z.core.$ZodIssue, value: unknown, prefix = ''): Problem {
  const pointer = prefix + jsonPointer(issue.path);
  const found = issue.path.reduce<unknown>((at, key) => (isObject(at) ? at[String(key)] : undefined), value);
  if (issue.code === 'invalid_type') {
    const expected = typeNamed(issue.expected);
    if (found === undefined)
      return problem('field_missing', pointer, `Expected a value of type ${expected}, found none.`);
    return problem('field_type', pointer, `Expected ${expected}, found ${typeName(found)}.`);
  }
  return problem('field_invalid', pointer, sentence(withFound(issue.message, found)));
}

/** RFC 6901, with long keys cut: they are the sender's text, and the beginning is enough to find them. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${cut(String(key)).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A cut may halve a surrogate pair, and half a pair is not text. */
function cut(key: string): string {
  return key.slice(0, 64).toWellFormed();
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const MAX_SENTENCE_CHARACTERS = 300;

function sentence(text: string): string {
  const trimmed = text.slice(0, MAX_SENTENCE_CHARACTERS);
  const start = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return start.endsWith('.') ? start : `${start}.`;
}
