/** Wrong usage in one sentence: what was expected, and what was typed. */
import type * as z from 'zod';
import { withFound } from '../../domain/request/expectation.ts';
import { nearest } from '../../domain/request/spelling.ts';
import { cut, plain } from './output.ts';
import { misused, type Stopped } from './stopped.ts';

/** @param after the words before it, such as the noun of a verb */
export function unknownWord(after: string, word: string | undefined, known: readonly string[]): Stopped {
  const meant = word === undefined ? undefined : nearest(word, known);
  if (meant !== undefined) return misused(`${after} has no ${typed(word ?? '')}; the nearest is ${meant}.`);
  const list = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(known);
  return misused(`${after}: expected ${list}${word === undefined ? '' : `, found ${typed(word)}`}.`);
}

export function unknownOption(command: string, flag: string, known: readonly string[]): Stopped {
  const [name = ''] = flag.replace(/^--?/, '').split('=');
  if (known.includes(name)) return misused(`--${name}: expected no value, found one.`);
  const meant = nearest(name, known);
  return misused(
    `${command} has no option ${typed(flag)}${meant === undefined ? '' : `; the nearest is --${meant}`}.`,
  );
}

/** @param argument what the help calls the option `id` */
export function wrongValue(
  error: z.ZodError,
  given: Readonly<Record<string, unknown>>,
  argument = 'ID',
): Stopped {
  const [issue] = error.issues;
  const name = String(issue?.path[0]);
  const found = given[name];
  const label = name === 'id' ? argument : `--${name}`;
  const missing = found === undefined && issue?.code === 'invalid_type';
  const told = missing && issue.message.startsWith('expected a value') ? 'expected a value' : issue?.message;
  const expected = told ?? 'expected another value';
  if (typeof found !== 'string' || found === '' || KEPT_SECRET.has(name))
    return misused(`${label}: ${withFound(expected, found)}.`);
  return misused(`${label}: ${expected.replace(/, found .*$/s, '')}, found ${typed(found)}.`);
}

/** Terminals are shared and scrolled back; a URL may carry a password. */
const KEPT_SECRET: ReadonlySet<string> = new Set(['secret', 'header', 'url']);
const MAX_SHOWN_CHARACTERS = 60;

/** What a person typed says more to them than its length. */
export const typed = (text: string): string => cut(plain(text), MAX_SHOWN_CHARACTERS);
