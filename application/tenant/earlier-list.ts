/**
 * The one waiting list that a tenant had in earlier versions: its rows move to the lists of today, a few pages with each
 * wake-up, until a stage that was upgraded has none left.
 */
import type { WaitingRow } from '../../domain/tenant/waiting.ts';
import type { Position } from '../../io/table/table.ts';
import type { LookPorts } from './look.ts';

const PAGE = 100;
const MAX_PAGES = 10;

/**
 * @param place puts rows into their lists. It may be repeated: a row that was placed, and not removed because the process died,
 * is there once
 */
export async function drainEarlier(
  { waiting, log }: Pick<LookPorts, 'waiting' | 'log'>,
  tenantId: string,
  place: (rows: readonly WaitingRow[]) => Promise<unknown>,
): Promise<{ readonly hasMore: boolean }> {
  let after: Position | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { rows, unreadable, next } = await waiting.earlier(tenantId, PAGE, after);
    for (const error of unreadable) log.error('waiting:read:failed', { tenantId, error });
    if (rows.length > 0) {
      await place(rows);
      await waiting.removeEarlier(rows);
    }
    if (next === undefined) return { hasMore: false };
    after = next;
  }
  return { hasMore: true };
}
