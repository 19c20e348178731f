/**
 * Keys, in a table of their own: a writer of one installs a credential, so the roles of the steps that write job records must
 * not reach them. One partition holds all, for the list.
 */
import { AccessKey } from '../../domain/access/key.ts';
import { knownAttributes, readRow } from '../table/rows.ts';
import type { Attributes, Key, Position, Table } from '../table/table.ts';

export interface KeyStore {
  /** A consistent read. @throws RowUnreadable */
  get(keyId: string): Promise<AccessKey | undefined>;
}

/** For operators alone. */
export interface KeyRegister extends KeyStore {
  list(): Promise<readonly AccessKey[]>;
  /** @returns the key that is there already, or undefined when this one was recorded */
  register(key: AccessKey): Promise<AccessKey | undefined>;
  /** @returns the key as it is now; undefined when there is none */
  disable(keyId: string, nowMs: number): Promise<AccessKey | undefined>;
  /** Removes the keys of this tenant alone, and takes it out of those of several. Keys of every tenant stay. */
  forget(tenantId: string): Promise<void>;
}

const PARTITION = 'KEYS';
const keyOf = (keyId: string): Key => ({ pk: PARTITION, sk: keyId });

export function keyStore(items: Table): KeyStore {
  return {
    async get(keyId) {
      const item = await items.get(keyOf(keyId));
      return item && keyIn(item);
    },
  };
}

export function keyRegister(items: Table): KeyRegister {
  const { get } = keyStore(items);
  const list = async () => {
    const keys: AccessKey[] = [];
    let after: Position | undefined;
    do {
      const page = await items.query({ condition: 'pk = :pk', values: { ':pk': PARTITION }, after });
      keys.push(...page.items.map(keyIn));
      after = page.next;
    } while (after !== undefined);
    return keys;
  };
  return {
    get,
    list,
    async register({ keyId, ...key }) {
      // Idempotent: a repeat finds the item.
      const there = await items.insert(keyOf(keyId), key);
      return there && keyIn({ ...there, ...keyOf(keyId) });
    },
    async disable(keyId, nowMs) {
      for (;;) {
        const item = await items.get(keyOf(keyId));
        if (item === undefined) return undefined;
        const key = keyIn(item);
        if (key.disabledAt !== undefined) return key;
        const from = knownAttributes(AccessKey, item);
        // Idempotent: a repeat finds the key disabled.
        const change = { from, to: { ...from, disabledAt: nowMs } };
        if ((await items.change(keyOf(keyId), change, { by: item['by'] })) === 'written')
          return { ...key, disabledAt: nowMs };
      }
    },
    async forget(tenantId) {
      const isOnlyFor = ({ tenants }: AccessKey) => tenants.every((one) => one === tenantId);
      for (const { keyId, tenants } of await list()) {
        if (!tenants.includes(tenantId)) continue;
        for (;;) {
          const item = await items.get(keyOf(keyId));
          const key = item && keyIn(item);
          if (item === undefined || key === undefined || !key.tenants.includes(tenantId)) break;
          if (isOnlyFor(key)) {
            // Idempotent: an absent key is no error. No writer adds a tenant to a key.
            await items.removeAll([keyOf(keyId)]);
            break;
          }
          const from = knownAttributes(AccessKey, item);
          const to = { ...from, tenants: key.tenants.filter((one) => one !== tenantId) };
          // Idempotent: a repeat finds the tenant gone.
          if ((await items.change(keyOf(keyId), { from, to }, { by: item['by'] })) === 'written') break;
        }
      }
    },
  };
}

/** The id is in the key of the item alone. */
function keyIn(item: Attributes): AccessKey {
  const { sk, ...rest } = item;
  return readRow(AccessKey.strip(), { ...rest, keyId: sk });
}
