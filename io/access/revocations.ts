/** Since when tokens of a tenant count: an item beside its record, which only an operator writes and which never goes back. */
import * as z from 'zod';
import { readRow } from '../table/rows.ts';
import type { Key, Table } from '../table/table.ts';

export interface RevocationReader {
  /** Epoch ms; undefined when no token was ever revoked. A consistent read. @throws RowUnreadable */
  tokensNotBefore(tenantId: string): Promise<number | undefined>;
}

/** For operators alone. */
export interface RevocationStore extends RevocationReader {
  /** Ends all tokens that were signed before; a later moment that is there stays. */
  revoke(tenantId: string, beforeMs: number): Promise<void>;
}

const Stored = z.object({ notBefore: z.int().nonnegative() });
const tokensKey = (tenantId: string): Key => ({ pk: `TENANT#${tenantId}`, sk: 'TOKENS' });

export function revocationStore(items: Table): RevocationStore {
  return {
    async tokensNotBefore(tenantId) {
      const item = await items.get(tokensKey(tenantId));
      return item && readRow(Stored, item).notBefore;
    },
    async revoke(tenantId, beforeMs) {
      // Idempotent: a repeat finds its moment, or a later one.
      await items.update(tokensKey(tenantId), {
        update: 'SET notBefore = :at',
        condition: 'attribute_not_exists(notBefore) OR notBefore < :at',
        values: { ':at': beforeMs },
      });
    },
  };
}
