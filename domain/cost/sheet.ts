/**
 * Sheets of receipts: those of attempts that ended together, as one item. Handlers dispatch the ends of a batch of messages
 * together, and the same attempt again in another company if one of them died; so a receipt may be on several sheets. All
 * are of the minute in which the attempt ended, so a reader who goes through the minutes needs to remember one.
 */
import type { Receipt } from './receipt.ts';

/** Of one tenant and one minute. It has at least one receipt. */
export type Sheet = readonly [Receipt, ...Receipt[]];

const MINUTE_MS = 60_000;
/** So that a sheet takes one write unit, as a receipt alone does. */
const MAX_ON_SHEET = 12;

/** The minute in which an attempt has ended, in epoch ms. A minute has one month. */
export const minuteOf = (endedAt: number): number => endedAt - (endedAt % MINUTE_MS);

export function sheetsOf(receipts: readonly Receipt[]): readonly Sheet[] {
  const together = Map.groupBy(receipts, ({ tenantId, endedAt }) => `${tenantId} ${minuteOf(endedAt)}`);
  return [...together.values()].flatMap((some) => {
    const sheets: Sheet[] = [];
    for (let from = 0; from < some.length; from += MAX_ON_SHEET) {
      const [first, ...rest] = some.slice(from, from + MAX_ON_SHEET);
      if (first !== undefined) sheets.push([first, ...rest]);
    }
    return sheets;
  });
}

/** For a reader of one tenant's receipts, minute by minute: each is counted once, on however many sheets it is. */
export class CountedOnce {
  #minute = -1;
  #seen = new Set<string>();

  isFirst({ jobId, attempt, endedAt }: Receipt): boolean {
    if (minuteOf(endedAt) !== this.#minute) {
      this.#minute = minuteOf(endedAt);
      this.#seen = new Set();
    }
    const name = `${jobId} ${attempt}`;
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    return true;
  }
}
