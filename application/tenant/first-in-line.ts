/** Since when the attempt waits that is first in line at a tenant's gate. */
import type { Gate } from '../../domain/tenant/gate.ts';
import { placeOf, type WaitingRow } from '../../domain/tenant/waiting.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import { together } from '../apart.ts';

/**
 * The front of the list of each type is read, and no more of it. One that its concurrency key stops is in no such list: it waits for
 * others of its own key, however long the line is.
 * @returns undefined when no attempt is in line
 */
export async function waitingSince(
  waiting: Pick<WaitingStore, 'ready' | 'head'>,
  { tenantId, types = new Set() }: Pick<Gate, 'tenantId' | 'types'>,
): Promise<number | undefined> {
  const fronts = await together([...types].map((type) => waiting.ready(tenantId, type, 1)));
  const rows = await together(
    fronts
      .flatMap(({ items }) => items)
      .map(async (item): Promise<WaitingRow | undefined> => ('jobId' in item ? item : waiting.head(item.of))),
  );
  const [first] = rows
    .filter((row) => row !== undefined)
    .toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
  return first?.since;
}
