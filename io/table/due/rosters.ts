/**
 * Rosters in the table: jobs that were recorded together, as one row in the list of their tenant's jobs. Their names are its key, so the
 * index, which has nothing but keys, tells them without another read.
 */
import type { RollName } from '../../../domain/due/roll.ts';
import type { Key } from '../table.ts';

/** @example { pk: 'ROSTER#acme', sk: '1764500000000#job_a….job_b…' } */
export const rosterKey = (name: RollName): Key => keyOfSome('ROSTER', name);

/** @returns undefined for any other item */
export const parseRosterKey = (key: Key): RollName | undefined => parseKeyOfSome('ROSTER', key);

const TIME_DIGITS = 13;

/** The key of an item for several jobs. */
export function keyOfSome(kind: string, { tenantId, createdAt, jobIds }: RollName): Key {
  return {
    pk: `${kind}#${tenantId}`,
    sk: `${String(createdAt).padStart(TIME_DIGITS, '0')}#${jobIds.join('.')}`,
  };
}

export function parseKeyOfSome(kind: string, { pk, sk }: Key): RollName | undefined {
  const [found, tenantId = ''] = pk.split('#');
  const [createdAt = '', jobIds = ''] = sk.split('#');
  if (found !== kind || jobIds === '') return undefined;
  return { tenantId, createdAt: Number(createdAt), jobIds: jobIds.split('.') };
}
