/** What is said of a screen that asks once for each tenant, when some of them gave no answer. */
import { plural } from './words.ts';

export interface Asked {
  readonly data: unknown;
  readonly error: unknown;
}

/**
 * @returns nothing when all answered, and nothing when none did: the list of tenants has no answer either then, and says so above
 * @param what of each tenant
 */
export function partlyText(reads: readonly Asked[], what: string): string | undefined {
  const failed = reads.filter(({ error }) => error !== null);
  if (failed.length === 0 || failed.length === reads.length) return undefined;
  const isKept = failed.some(({ data }) => data !== undefined);
  const kept = isKept ? ' What was read before is still here.' : '';
  return `Not complete: the ${what} of ${plural(failed.length, 'tenant')} of ${reads.length} could not be read.${kept}`;
}
