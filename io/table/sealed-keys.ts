/** The stack's own keys, encrypted: one item for each purpose, with the newest key last. */
import * as z from 'zod';
import type { Purpose } from '../../domain/worker/tokens.ts';
import { readRow } from './rows.ts';
import type { Key, Table } from './table.ts';

const SealedKey = z.object({ keyId: z.string(), sealed: z.string(), madeAt: z.number().optional() });
export type SealedKey = z.infer<typeof SealedKey>;
const StoredKeys = z.object({ keys: z.array(SealedKey).min(1) });

export interface SealedKeys {
  load(purpose: Purpose): Promise<readonly SealedKey[] | undefined>;
  /** @returns the keys that there are then, of this process or of another that was faster */
  putFirst(purpose: Purpose, key: SealedKey): Promise<readonly SealedKey[]>;
  /** Unless another process has replaced them since. */
  replace(purpose: Purpose, from: readonly SealedKey[], to: readonly SealedKey[]): Promise<void>;
}

export function sealedKeys(items: Pick<Table, 'get' | 'insert' | 'update'>): SealedKeys {
  return {
    async load(purpose) {
      const item = await items.get(keyOf(purpose));
      return item && readRow(StoredKeys, item).keys;
    },
    async putFirst(purpose, key) {
      // Idempotent: there is one first key, and a repeat finds it.
      const stored = await items.insert(keyOf(purpose), { keys: [key] });
      return stored === undefined ? [key] : readRow(StoredKeys, stored).keys;
    },
    async replace(purpose, from, to) {
      // Safe to run twice: the newest key or the number of keys is another then, and they stay. An id names one key for ever.
      await items.update(keyOf(purpose), {
        update: 'SET #keys = :to',
        condition: `size(#keys) = :count AND #keys[${from.length - 1}].keyId = :newest`,
        names: { '#keys': 'keys' },
        values: { ':count': from.length, ':newest': from.at(-1)?.keyId, ':to': to },
      });
    },
  };
}

const keyOf = (purpose: Purpose): Key => ({ pk: `SEALED#${purpose}`, sk: 'KEYS' });
