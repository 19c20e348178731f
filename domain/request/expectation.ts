/**
 * What was expected of a value, and what arrived, in words of ours: for messages, inputs, options and variables alike. The
 * sentences of the schema library, and of what users write into a schema without a sentence, would be others in each place.
 */
import type * as z from 'zod';

/**
 * Given to each parse of what comes from outside: `schema.safeParse(value, inOurWords)`. A sentence in the schema itself goes
 * first.
 */
export const inOurWords = {
  error: (issue: z.core.$ZodRawIssue): string => {
    const expected = expectedBy(issue);
    return expected === undefined ? 'expected another value' : withFound(`expected ${expected}`, issue.input);
  },
};

/** The sentence with what arrived, unless it says so itself. */
export function withFound(sentence: string, found: unknown): string {
  return /\bfound\b/.test(sentence) ? sentence : `${sentence}, found ${foundName(found)}`;
}

function expectedBy(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined
        ? `a value of type ${typeNamed(issue.expected)}`
        : typeNamed(issue.expected);
    case 'too_small':
      return bound(issue.origin, issue.minimum, {
        exact: issue.exact,
        most: false,
        inclusive: issue.inclusive,
      });
    case 'too_big':
      return bound(issue.origin, issue.maximum, {
        exact: issue.exact,
        most: true,
        inclusive: issue.inclusive,
      });
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return formatNamed(issue);
    case 'invalid_value':
      return oneOf(issue.values);
    case 'invalid_union':
      return unionNamed(issue);
    case 'unrecognized_keys':
      return `no field ${issue.keys?.[0] ?? ''}`.trim();
    case 'invalid_key':
    case 'invalid_element':
      return nested(issue);
    default:
      return undefined;
  }
}

/** JSON's names for the types of the schema library. */
export function typeNamed(expected: string | undefined): string {
  return (
    { record: 'object', int: 'integer', map: 'object', set: 'array' }[expected ?? ''] ?? expected ?? 'value'
  );
}

const UNITS: Readonly<Record<string, string>> = {
  string: 'characters',
  array: 'items',
  set: 'items',
  object: 'fields',
  map: 'fields',
  file: 'bytes',
};

interface Bound {
  readonly exact?: boolean | undefined;
  readonly most: boolean;
  readonly inclusive?: boolean | undefined;
}

function bound(origin: string | undefined, limit: unknown, { exact, most, inclusive = true }: Bound): string {
  const unit = UNITS[origin ?? ''];
  const amount = unit === undefined ? String(limit) : `${limit} ${unit}`;
  if (exact === true) return `exactly ${amount}`;
  if (!inclusive) return `${most ? 'less' : 'more'} than ${amount}`;
  return `at ${most ? 'most' : 'least'} ${amount}`;
}

const FORMATS: Readonly<Record<string, string>> = {
  url: 'a URL',
  email: 'an e-mail address',
  uuid: 'a UUID',
  guid: 'a UUID',
  datetime: 'an ISO 8601 date and time',
  date: 'an ISO 8601 date',
  time: 'an ISO 8601 time',
  duration: 'an ISO 8601 duration',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  hostname: 'a host name',
  base64: 'base64',
  base64url: 'base64url',
  json_string: 'JSON text',
};
const MAX_PATTERN_CHARACTERS = 120;

function formatNamed(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidStringFormat>): string {
  const rest: Readonly<Record<string, unknown>> = { ...issue };
  switch (issue.format) {
    case 'starts_with':
      return `text that begins with ${JSON.stringify(rest['prefix'])}`;
    case 'ends_with':
      return `text that ends with ${JSON.stringify(rest['suffix'])}`;
    case 'includes':
      return `text that has ${JSON.stringify(rest['includes'])} in it`;
    case 'regex':
      return `text of the form ${String(rest['pattern'] ?? '').slice(0, MAX_PATTERN_CHARACTERS)}`;
    default:
      return FORMATS[issue.format ?? ''] ?? `text in the format ${issue.format ?? 'of this field'}`;
  }
}

const MAX_VALUES = 20;

function oneOf(values: readonly unknown[] = []): string {
  const shown = values
    .slice(0, MAX_VALUES)
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  const more = values.length > MAX_VALUES ? ' and others' : '';
  return values.length === 1 ? `${shown[0]}` : `one of ${shown.join(', ')}${more}`;
}

/** A union of types is named by them; of several forms each has its own fields, and none of them is the one that was meant. */
function unionNamed(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const { discriminator } = { discriminator: undefined, ...issue };
  if (typeof discriminator === 'string') return `a known value as ${discriminator}`;
  const first = (issue.errors ?? []).map(([each]) => each);
  const types = first.flatMap((each) =>
    each?.code === 'invalid_type' && each.path.length === 0 ? [typeNamed(each.expected)] : [],
  );
  return types.length > 0 && types.length === first.length
    ? [...new Set(types)].join(' or ')
    : 'one of the forms that this field may have';
}

function nested(
  issue:
    | z.core.$ZodRawIssue<z.core.$ZodIssueInvalidKey>
    | z.core.$ZodRawIssue<z.core.$ZodIssueInvalidElement>,
): string {
  const said = issue.issues?.[0]?.message.replace(/^expected /, '').replace(/, found .*$/, '');
  return `${issue.code === 'invalid_key' ? 'a key of' : 'an item of'} ${said ?? 'another form'}`;
}

/** From here on digits may be an account or a card. */
const MAX_SHOWN_NUMBER = 1e9;

/** What arrived. A text is never repeated: it may be a secret, and it is the sender's. */
export function foundName(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string')
    return value === ''
      ? 'an empty text'
      : `a text of ${value.length} ${value.length === 1 ? 'character' : 'characters'}`;
  if (typeof value === 'number')
    return Math.abs(value) < MAX_SHOWN_NUMBER || Number.isNaN(value)
      ? String(value)
      : 'a number of many digits';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeName(value);
}

export function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
