/**
 * Reads untrusted JSON. JSON.parse alone accepts text that breaks later steps: nesting that overflows JSON.stringify,
 * numbers that lose digits, two values under one key, and keys that have a special meaning in JavaScript.
 *
 * So the text is scanned before it is parsed. The scan knows only what tokens look like; whether they are in a valid
 * place is left to JSON.parse, which never gets a text that the scan refused.
 */
import { type Problem, problem } from '../errors.ts';
import { isItemNumber, MAX_ITEM_LEVELS } from '../size.ts';
import { jsonPointer } from './explain.ts';

/** In a message. An object of the bucket is not stored in the table and may have more. */
const MAX_KEYS = 1000;
/** Object.assign and similar functions treat these specially. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
/**
 * Node 24's JSON.parse remembers the keys it has seen and compares them with a key's text before its escapes are read:
 * after one message with the key `\\`, the key `\u00e9` of another tenant's message is read as `\\` too. A key without a
 * backslash cannot be taken for the text of an escape.
 * @see https://github.com/nodejs/node/issues/63785
 */
const isForbiddenKey = (key: string) => FORBIDDEN_KEYS.has(key) || key.includes('\\');
/** A key in a pointer is the sender's text; the beginning is enough to find it. */
const MAX_KEY_IN_POINTER = 64;

const SENTENCES = {
  body_not_json: 'Expected JSON, found text that is not JSON.',
  json_too_deep: `Expected at most ${MAX_ITEM_LEVELS} levels of nesting, found more.`,
  json_too_many_keys: `Expected at most ${MAX_KEYS} keys in all, found more.`,
  json_duplicate_key: 'Expected each key once, found this one twice.',
  json_forbidden_key:
    'Expected no backslash in a key and no key that is special in JavaScript, found this one.',
  number_range: 'Expected a number from 1e-130 to 2^53 - 1 in size, found another; a string can hold it.',
} as const;

export type Json =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly problem: Problem };

export interface JsonLimits {
  /** In the whole text. */
  readonly keys: number;
  readonly levels: number;
}

/** Of one message. */
export const MESSAGE_LIMITS: JsonLimits = { keys: MAX_KEYS, levels: MAX_ITEM_LEVELS };

/** Never throws, whatever the text; a refusal never repeats a value. */
export function readJson(text: string, limits = MESSAGE_LIMITS): Json {
  const found = whatForbids(text, limits);
  if (found !== undefined) return { kind: 'refused', problem: found };
  try {
    return { kind: 'json', value: JSON.parse(text) };
  } catch {
    return { kind: 'refused', problem: refusal('body_not_json') };
  }
}

/** An object or array that is not closed yet, and the place in it that is being read. */
interface Open {
  /** Absent in an array. */
  readonly keys?: Set<string>;
  place: string | number;
}

function whatForbids(text: string, limits: JsonLimits): Problem | undefined {
  const notText = text.search(/^\ufeff|\p{Surrogate}/u);
  if (notText >= 0) return badEncoding(notText);
  const open: Open[] = [];
  let keyCount = 0;
  let lastString = '';
  for (const { token, offset } of tokensOf(text)) {
    const inner = open.at(-1);
    switch (token.charAt(0)) {
      case '{':
      case '[':
        if (open.length === limits.levels) return refusal('json_too_deep', open);
        open.push(token === '{' ? { keys: new Set(), place: '' } : { place: 0 });
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        if (typeof inner?.place === 'number') inner.place += 1;
        break;
      case '"':
        lastString = unescaped(token);
        if (!lastString.isWellFormed()) return badEncoding(offset);
        break;
      case ':':
        if (inner?.keys === undefined) break;
        inner.place = lastString;
        keyCount += 1;
        if (keyCount > limits.keys) return refusal('json_too_many_keys');
        if (isForbiddenKey(lastString)) return refusal('json_forbidden_key', open);
        if (inner.keys.has(lastString)) return refusal('json_duplicate_key', open);
        inner.keys.add(lastString);
        break;
      default:
        if (isOutOfRange(token)) return refusal('number_range', open);
    }
  }
  return undefined;
}

/** The keys of the outermost object, each as often as it is written; escapes are read. None when the text has no object. */
export function keysOfObject(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  let lastString = '';
  for (const { token } of tokensOf(text)) {
    const mark = token.charAt(0);
    if (mark === '{' || mark === '[') depth += 1;
    else if (mark === '}' || mark === ']') depth -= 1;
    else if (mark === '"') lastString = unescaped(token);
    else if (mark === ':' && depth === 1) keys.push(lastString);
  }
  return keys;
}

const SEPARATOR = /[\s"{}[\]:,]/;

/** Strings, marks and words one after another, and each space alone. The last string may lack its end. */
function* tokensOf(text: string): Generator<{ token: string; offset: number }> {
  for (let offset = 0, end = 0; offset < text.length; offset = end) {
    end = text[offset] === '"' ? endOfString(text, offset) : endOfWord(text, offset);
    yield { token: text.slice(offset, end), offset };
  }
}

// Without regular expressions: on some millions of characters they overflow the stack.

/** A mark or a space is a word of its own. */
function endOfWord(text: string, start: number): number {
  let at = start;
  while (at < text.length && !SEPARATOR.test(text.charAt(at))) at += 1;
  return Math.max(at, start + 1);
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

/** A string that JSON.parse refuses is kept as it is written. */
function unescaped(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return String(JSON.parse(token));
  } catch {
    return token;
  }
}

/**
 * NaN and Infinity are not JSON, but several languages write them, and a pointer to them helps more than "not JSON". Any
 * other word that is no number is left to JSON.parse.
 */
function isOutOfRange(word: string): boolean {
  const value = Number(word);
  return word === 'NaN' || !(Number.isNaN(value) || isItemNumber(value));
}

function refusal(code: keyof typeof SENTENCES, open: readonly Open[] = []): Problem {
  // A cut may halve a surrogate pair, and half a pair is not text.
  const path = open.map(({ place }) => String(place).slice(0, MAX_KEY_IN_POINTER).toWellFormed());
  return problem(code, jsonPointer(path), SENTENCES[code]);
}

function badEncoding(offset: number): Problem {
  const message = `Expected UTF-8 text, found a byte order mark or half a surrogate pair at offset ${offset}.`;
  return problem('body_encoding', '', message);
}
