/** Rolls in the table. The jobs of a roll are its key, so the index, which has nothing but keys, tells them without another read. */
import type { Roll, RollName } from '../../../domain/due/roll.ts';
import type { Key, Table } from '../table.ts';
import { dueAttributes } from './turns.ts';

export interface RollStore {
  /** Puts a roll, before the records of its jobs. */
  put(roll: Roll): Promise<void>;
  /** A later look at a roll of which jobs are still absent. */
  postpone(roll: RollName, dueAt: number): Promise<void>;
  /** Removes rolls that no job relies on. */
  removeAll(rolls: readonly RollName[]): Promise<void>;
}

export function rollStore(items: Table): RollStore {
  return {
    async put(roll) {
      // Idempotent: a repeat finds the item, or puts one that no job relies on, which the next look removes.
      await items.insert(rollKey(roll), { dueAt: roll.dueAt, ...placeOf(roll, roll.dueAt) });
    },

    async postpone(roll, dueAt) {
      const { dueSlice, dueTurn } = placeOf(roll, dueAt);
      // Idempotent: a repeat sets the same time.
      await items.update(rollKey(roll), {
        update: 'SET dueAt = :dueAt, dueSlice = :slice, dueTurn = :turn',
        condition: 'attribute_exists(pk)',
        values: { ':dueAt': dueAt, ':slice': dueSlice, ':turn': dueTurn },
      });
    },

    async removeAll(rolls) {
      // Idempotent: an absent item is no error.
      if (rolls.length > 0) await items.removeAll(rolls.map(rollKey));
    },
  };
}

/** Among the jobs of its tenant. */
const placeOf = (roll: RollName, dueAt: number) =>
  dueAttributes(sliceIdOf(roll), { kind: 'job', tenantId: roll.tenantId, dueAt });

/** What its slice of the index is made of. */
export const sliceIdOf = ({ jobIds: [first = ''] }: Pick<RollName, 'jobIds'>): string => first;

const TIME_DIGITS = 13;

/** @example { pk: 'ROLL#acme', sk: '1764500000000#job_a….job_b…' } */
export function rollKey({ tenantId, createdAt, jobIds }: RollName): Key {
  return {
    pk: `ROLL#${tenantId}`,
    sk: `${String(createdAt).padStart(TIME_DIGITS, '0')}#${jobIds.join('.')}`,
  };
}

/** @returns undefined for any other item */
export function parseRollKey({ pk, sk }: Key): RollName | undefined {
  const [kind, tenantId = ''] = pk.split('#');
  const [createdAt = '', jobIds = ''] = sk.split('#');
  if (kind !== 'ROLL' || jobIds === '') return undefined;
  return { tenantId, createdAt: Number(createdAt), jobIds: jobIds.split('.') };
}
