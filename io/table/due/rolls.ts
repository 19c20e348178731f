/** Rolls in the table. The jobs of a roll are its key, so the index, which has nothing but keys, tells them without another read. */
import { hasRoster, type Roll, type RollName } from '../../../domain/due/roll.ts';
import { rosterUntil } from '../../../domain/job/retention.ts';
import type { Key, Table } from '../table.ts';
import { keyOfSome, parseKeyOfSome, rosterKey } from './rosters.ts';
import { dueAttributes } from './turns.ts';

export interface RollStore {
  /** Puts a roll, and the roster of its jobs if they have one, before their records. */
  put(roll: Roll): Promise<void>;
  /** A later look at a roll of which jobs are still absent. */
  postpone(roll: RollName, dueAt: number): Promise<void>;
  /** Removes rolls that no job relies on. */
  removeAll(rolls: readonly RollName[]): Promise<void>;
}

export function rollStore(items: Table): RollStore {
  return {
    async put(roll) {
      const { tenantId, createdAt } = roll;
      await Promise.all([
        // Idempotent: a repeat finds the item, or puts one that no job relies on, which the next look removes.
        items.insert(rollKey(roll), { dueAt: roll.dueAt, ...placeOf(roll, roll.dueAt) }),
        // Idempotent: a repeat finds the item. One of jobs that have other records names none of them, by its time.
        ...(hasRoster(roll)
          ? [items.insert(rosterKey(roll), { tenantId, createdAt, expiresAt: rosterUntil(roll) })]
          : []),
      ]);
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

/** @example { pk: 'ROLL#acme', sk: '1764500000000#job_a….job_b…' } */
export const rollKey = (roll: RollName): Key => keyOfSome('ROLL', roll);

/** @returns undefined for any other item */
export const parseRollKey = (key: Key): RollName | undefined => parseKeyOfSome('ROLL', key);
