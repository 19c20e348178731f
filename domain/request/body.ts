/** A JSON body of a request that is not a submission, read by the rules of messages. */
import type * as z from 'zod';
import { type Problem, problem } from '../errors.ts';
import { inOurWords, typeName } from './expectation.ts';
import { explain, isObject } from './explain.ts';
import { readJson } from './json.ts';

export type ReadBody<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** Never throws; a refusal never repeats a value. */
export function readBodyAs<Schema extends z.ZodObject>(
  schema: Schema,
  text: string,
): ReadBody<z.output<Schema>> {
  const json = readJson(text);
  if (json.kind === 'refused') return json;
  if (!isObject(json.value) || Array.isArray(json.value)) {
    const expected = `Expected a JSON object, found ${typeName(json.value)}.`;
    return { kind: 'refused', problem: problem('body_not_object', '', expected) };
  }
  const parsed = schema.safeParse(json.value, inOurWords);
  if (parsed.success) return { kind: 'read', value: parsed.data };
  const known = Object.keys(schema.shape);
  return {
    kind: 'refused',
    problem: explain(parsed.error, json.value, { known, reserved: [], forbidden: [] }),
  };
}
