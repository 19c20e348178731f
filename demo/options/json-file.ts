/** A file of JSON that an option names. */
import { existsSync, readFileSync } from 'node:fs';
import { Misused } from './misused.ts';

/**
 * @param expected the beginning of the sentence. What the file has is never in it: it may be secret
 * @throws Misused
 */
export function jsonOf(file: string, expected: string): unknown {
  if (!existsSync(file)) throw new Misused(`${expected}; ${file} is not there.`);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Misused(`${expected}; ${file} is no JSON.`);
  }
}
