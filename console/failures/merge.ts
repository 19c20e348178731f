/** Groups of failures that were counted a page at a time. */
import type { FailureGroup } from '../api/schema.ts';

/** @param pages the newest first @returns the largest group first; of how many tenants it is, is at least so many */
export function merged(pages: readonly (readonly FailureGroup[])[]): FailureGroup[] {
  const known = new Map<string, FailureGroup>();
  for (const group of pages.flat()) {
    const newer = known.get(group.fingerprint);
    known.set(group.fingerprint, newer === undefined ? group : together(newer, group));
  }
  return [...known.values()].toSorted((a, b) => b.count - a.count || (a.lastAt < b.lastAt ? 1 : -1));
}

const together = (newer: FailureGroup, older: FailureGroup): FailureGroup => ({
  ...newer,
  count: newer.count + older.count,
  tenants: Math.max(newer.tenants, older.tenants),
  firstAt: older.firstAt,
});
