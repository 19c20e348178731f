/**
 * Event patterns: which events match a rule. Matches and refusals follow the EventBridge user guide ("Comparison
 * operators for use in event patterns") and, where that is silent, the README of AWS's Event Ruler.
 *
 * One known difference: numbers are compared by value, so 300 equals 3.0e2, because the text of a number is lost when
 * the JSON is parsed.
 */
import { BlockList, isIP } from 'node:net';
import * as z from 'zod';
import { ApiError } from '../aws.ts';

type Json = Readonly<Record<string, unknown>>;
type Test = (value: unknown) => boolean;

/** One object of the event, and all objects at the same path; arrays on the path are flattened. */
interface Place {
  readonly object: Json;
  readonly all: readonly Json[];
}
type Matcher = (place: Place) => boolean;

/**
 * @param pattern parsed JSON
 * @returns whether an event, given as parsed JSON, matches
 * @throws InvalidEventPatternException, naming the place and what is unknown there
 */
export function compilePattern(pattern: unknown): (event: object) => boolean {
  const matches = compileObject(pattern, '');
  return (event) => {
    const object: Json = { ...event };
    return matches({ object, all: [object] });
  };
}

function refuse(reason: string, path: string): never {
  const place = path === '' ? 'the top level' : path;
  throw new ApiError(
    'InvalidEventPatternException',
    `Event pattern is not valid. Reason: ${reason} at ${place}`,
  );
}

function compileObject(pattern: unknown, path: string): Matcher {
  if (!isObject(pattern)) return refuse('a pattern is a JSON object', path);
  const entries = undotted(pattern, path);
  if (entries.length === 0) return refuse('empty objects are not allowed', path);
  const fields = entries.map(([key, wanted]) => {
    if (key === '$or' && !isField(wanted)) return compileOr(wanted, path);
    const below = path === '' ? key : `${path}.${key}`;
    if (Array.isArray(wanted)) return compileLeaf(key, wanted, below);
    if (isObject(wanted)) return compileNested(key, wanted, below);
    return refuse(`${JSON.stringify(wanted)} must be an object or an array`, below);
  });
  return (place) => fields.every((field) => field(place));
}

/**
 * EventBridge compares flattened names, so `{"state.status": …}` and `{"state": {"status": …}}` are the same pattern.
 * @see https://github.com/aws/event-ruler, "Ruler by Example"
 */
function undotted(pattern: Json, path: string): [string, unknown][] {
  const heads = Map.groupBy(Object.entries(pattern), ([key]) => key.split('.', 1)[0] ?? '');
  return [...heads].map(([head, entries]) => {
    const values = entries.map(([key, value]) =>
      key === head ? value : { [key.slice(head.length + 1)]: value },
    );
    if (values.length === 1) return [head, values[0]];
    const below = values.flatMap((value) =>
      isObject(value) ? Object.entries(value) : [[head, value] as const],
    );
    const once = new Map(below);
    if (once.size < below.length || !values.every(isObject))
      return refuse('a field may be given only once', path === '' ? head : `${path}.${head}`);
    return [head, Object.fromEntries(once)];
  });
}

/** A field may have this name, and then has values; so has one whose alternatives would be named like operators. */
function isField(wanted: unknown): boolean {
  if (!Array.isArray(wanted) || wanted.length === 0) return false;
  return wanted.some((one) => (isObject(one) ? Object.keys(one).some(isOperator) : !Array.isArray(one)));
}

function isOperator(name: string): boolean {
  return name === 'exists' || operators.has(name);
}

function compileOr(alternatives: unknown, path: string): Matcher {
  if (!Array.isArray(alternatives) || alternatives.length < 2) {
    return refuse('$or takes a list of two or more patterns', path);
  }
  const matchers = alternatives.map((alternative) => compileObject(alternative, path));
  return (place) => matchers.some((matches) => matches(place));
}

/** All fields of `wanted` must match within the same element when the event has a list of objects here. */
function compileNested(key: string, wanted: Json, path: string): Matcher {
  const matches = compileObject(wanted, path);
  return ({ object, all }) => {
    const here = at(object, key).filter(isObject);
    const everywhere = all.flatMap((other) => at(other, key).filter(isObject));
    // An absent parent has no fields at all, which is what { exists: false } asks for.
    return (here.length === 0 ? [{}] : here).some((element) => matches({ object: element, all: everywhere }));
  };
}

function compileLeaf(key: string, wanted: readonly unknown[], path: string): Matcher {
  if (wanted.length === 0) return refuse('empty arrays are not allowed', path);
  const alternatives = wanted.map((value): Matcher => {
    if (isObject(value) && 'exists' in value) return compileExists(key, value, path);
    const test = isObject(value) ? compileOperator(value, path) : compileExact(value, path);
    return ({ object }) => leaves(object, key).some(test);
  });
  return (place) => alternatives.some((matches) => matches(place));
}

/** Only leaves exist: a field that holds an object, or an empty list, counts as absent. */
function compileExists(key: string, operator: Json, path: string): Matcher {
  const [, wanted] = onlyEntry(operator, path);
  if (wanted === true) return ({ object }) => leaves(object, key).length > 0;
  if (wanted === false) return ({ all }) => all.every((object) => leaves(object, key).length === 0);
  return refuse('exists takes true or false', path);
}

function compileExact(value: unknown, path: string): Test {
  if (Array.isArray(value)) return refuse('a list inside a list is not allowed', path);
  return (found) => found === value;
}

/** Compiles the argument of an operator; `path` is for the refusal. */
type Operator = (argument: unknown, path: string) => Test;

const caseless: Operator = (argument, path) => {
  const wanted = text('equals-ignore-case', argument, path).toLowerCase();
  return onText((found) => found.toLowerCase() === wanted);
};

const wildcard: Operator = (argument, path) => {
  const parts = text('wildcard', argument, path).match(/\\?./gs) ?? [];
  if (repeatedAfterStar(parts) >= TOO_MANY_REPEATS)
    return refuse('the rule is too complex: too many repeated characters after a wildcard', path);
  if (parts.some((part, index) => part === '*' && parts[index - 1] === '*')) {
    return refuse('consecutive wildcards are not allowed', path);
  }
  if (parts.some((part) => /^\\([^*\\]|$)/.test(part))) {
    return refuse('in a wildcard a backslash may only stand before * or another backslash', path);
  }
  const source = parts.map((part) => (part === '*' ? '.*' : literal(part.slice(-1))));
  const expression = new RegExp(`^${source.join('')}$`, 's');
  return onText((found) => expression.test(found));
};

/** AWS publishes no measure. `*:*:*:*:*:event-bus/*` is the smallest pattern that AWS is known to refuse. */
const TOO_MANY_REPEATS = 5;

/** How often the most frequent character comes right after a wildcard. */
function repeatedAfterStar(parts: readonly string[]): number {
  const after = parts.filter((part, index) => parts[index - 1] === '*' && part !== '*');
  return Math.max(0, ...[...Map.groupBy(after, (part) => part).values()].map((same) => same.length));
}

/**
 * Of two addresses at least: Event Ruler, AWS's own matcher, refuses a mask of one.
 * @see EventBridge user guide, "IP address matching": CIDR for IPv4 and IPv6
 */
const cidr: Operator = (argument, path) => {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text('cidr', argument, path)) ?? [];
  const [family, bits] = [isIP(address), Number(digits)];
  if (family === 0 || digits === '' || bits > (family === 4 ? 31 : 127))
    return refuse('cidr takes an address and at most 31 bits (127 for IPv6), such as 10.0.0.0/24', path);
  const range = new BlockList();
  range.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  return onText((found) => isIP(found) !== 0 && range.check(found, isIP(found) === 4 ? 'ipv4' : 'ipv6'));
};

const MOST = 5e9;
const Limit = z.number().min(-MOST).max(MOST);
const Bounds = z.union([
  z.tuple([z.enum(['=', '<', '<=', '>', '>=']), Limit]),
  z.tuple([z.enum(['>', '>=']), Limit, z.enum(['<', '<=']), Limit]),
]);

const numeric: Operator = (argument, path) => {
  const bounds = Bounds.safeParse(argument).data;
  if (!bounds) {
    return refuse(
      'numeric takes =, <, <=, > or >= and a number within 5e9, or a lower and then an upper bound',
      path,
    );
  }
  if (bounds.length === 2) {
    const [sign, limit] = bounds;
    // Nothing lies between such a bound and the end of the numbers, and Event Ruler refuses it.
    if ((sign.startsWith('>') && limit === MOST) || (sign.startsWith('<') && limit === -MOST))
      return refuse('the lower bound of numeric must be below the upper one', path);
    return (found) => compare(found, sign, limit);
  }
  const [lowerSign, lower, upperSign, upper] = bounds;
  if (lower >= upper) return refuse('the lower bound of numeric must be below the upper one', path);
  return (found) => compare(found, lowerSign, lower) && compare(found, upperSign, upper);
};

const textOperators = new Map<string, Operator>([
  ['prefix', affix('prefix', (found, wanted) => found.startsWith(wanted))],
  ['suffix', affix('suffix', (found, wanted) => found.endsWith(wanted))],
  ['equals-ignore-case', caseless],
  ['wildcard', wildcard],
]);

/** Matches any value but those given; like every operator but `exists` it does not match an absent field. */
const anythingBut: Operator = (argument, path) => {
  const unwanted = Array.isArray(argument) ? argument : [argument];
  if (isObject(argument)) {
    const [name, given] = onlyEntry(argument, path);
    const operator = textOperators.get(name);
    if (!operator) return refuse(`anything-but does not take ${name}`, path);
    const unwantedTexts = Array.isArray(given) ? given : [given];
    // Alone, an affix may be empty or ignore case; AWS refuses both here.
    const isAffix = name === 'prefix' || name === 'suffix';
    if (unwantedTexts.length === 0 || (isAffix && unwantedTexts.some((value) => !value || isObject(value))))
      return refuse(`anything-but ${name} takes texts that are not empty`, path);
    const tests = unwantedTexts.map((value) => operator(value, path));
    return (found) => !tests.some((test) => test(found));
  }
  const kinds = new Set(unwanted.map((value) => typeof value));
  if (kinds.size !== 1 || !(kinds.has('string') || kinds.has('number'))) {
    return refuse('anything-but takes strings or numbers, not both, not null and not booleans', path);
  }
  if (unwanted.some((value) => typeof value === 'number' && Math.abs(value) > MOST))
    return refuse('anything-but takes numbers within 5e9', path);
  return (found) => !unwanted.includes(found);
};

const operators = new Map([
  ...textOperators,
  ['numeric', numeric],
  ['anything-but', anythingBut],
  ['cidr', cidr],
]);

function compileOperator(value: Json, path: string): Test {
  const [name, argument] = onlyEntry(value, path);
  const operator = operators.get(name);
  if (operator) return operator(argument, path);
  return refuse(
    `Unrecognized match type ${name} (known here: exists, ${[...operators.keys()].join(', ')})`,
    path,
  );
}

function affix(name: string, holds: (found: string, wanted: string) => boolean): Operator {
  return (argument, path) => {
    if (!isObject(argument)) {
      const wanted = text(name, argument, path);
      return onText((found) => holds(found, wanted));
    }
    const [inner, given] = onlyEntry(argument, path);
    if (inner !== 'equals-ignore-case') return refuse(`${name} does not take ${inner}`, path);
    const wanted = text(name, given, path).toLowerCase();
    return onText((found) => holds(found.toLowerCase(), wanted));
  };
}

/** @see EventBridge user guide, "Numeric matching": "six digits to the right of the decimal point" */
const DECIMALS = 1e6;

function compare(given: unknown, sign: '=' | '<' | '<=' | '>' | '>=', bound: number): boolean {
  if (typeof given !== 'number') return false;
  const [found, limit] = [Math.round(given * DECIMALS), Math.round(bound * DECIMALS)];
  switch (sign) {
    case '=':
      return found === limit;
    case '<':
      return found < limit;
    case '<=':
      return found <= limit;
    case '>':
      return found > limit;
    case '>=':
      return found >= limit;
  }
}

function text(operator: string, argument: unknown, path: string): string {
  return typeof argument === 'string' ? argument : refuse(`${operator} takes a string`, path);
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
}

function onText(test: (found: string) => boolean): Test {
  return (found) => typeof found === 'string' && test(found);
}

function onlyEntry(operator: Json, path: string): [string, unknown] {
  const [entry, ...more] = Object.entries(operator);
  if (!entry || more.length > 0) return refuse('exactly one match type is allowed in an object', path);
  return entry;
}

/** All values of a field, nested lists flattened; none when the event lacks the field. Its name may be part of a dotted one. */
function at(object: Json, key: string): unknown[] {
  const own = Object.hasOwn(object, key) ? [object[key]] : [];
  const values = own.flat(Number.POSITIVE_INFINITY);
  const dotted = Object.entries(object).filter(([name]) => name.startsWith(`${key}.`));
  if (dotted.length === 0) return values;
  const parts = Object.fromEntries(dotted.map(([name, value]) => [name.slice(key.length + 1), value]));
  // Both spellings of one object are one object: fields of the two may be asked for together.
  return isObject(own[0]) ? [{ ...parts, ...own[0] }] : [...values, parts];
}

function leaves(object: Json, key: string): unknown[] {
  return at(object, key).filter((value) => !isObject(value));
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
