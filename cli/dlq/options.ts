/** The options of `headgate dlq`. */
import * as z from 'zod';
import { type Filter, filterSchema, GROUPINGS } from '../../domain/dead-letter/letter.ts';
import { systemClock } from '../../io/process/clock.ts';
import { misused } from '../program/stopped.ts';
import { flag, option } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';

export const Rate = z
  .string()
  .regex(/^[1-9]\d{0,3}\/[sm]$/, 'expected a rate such as 5/s or 30/m')
  .transform((text) => Number.parseInt(text, 10) / (text.endsWith('m') ? 60 : 1));
export const Max = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'expected a whole number from 1')
  .transform(Number);

const { id, tenant, type, class: failureClass, code, since } = filterSchema(systemClock.nowMs()).shape;

export const filterOptions = {
  tenant: option('TENANT', 'letters of this tenant', tenant),
  type: option('JOB_TYPE', 'letters of this job type', type),
  class: option('CLASS', 'jobs that failed in this class', failureClass),
  code: option('CODE', 'letters with this error code', code),
  since: option('WHEN', '30m, 2h or 7d ago, or 2026-01-31, or 2026-01-31T09:00:00Z', since),
};
export const requiredId = { effect: '', schema: id.unwrap() };
const optionalId = { effect: '', schema: id };

export const groupBy = option(
  'FIELD',
  `counts by ${GROUPINGS.join(', ')}`,
  z.enum(GROUPINGS, `expected one of ${GROUPINGS.join(', ')}`).optional(),
);

/** Of the verbs that change letters: an id, a filter or all of them. */
export const actingOptions = {
  id: optionalId,
  ...filterOptions,
  all: flag('every letter of the queue'),
  yes: flag('do it: without this, a filter or --all only counts and lists'),
  'dry-run': flag('only count and list'),
  ...placeOptions,
};

/** A forgotten filter must not mean the whole queue. */
export function requireBounds({ all, ...options }: Filter & { readonly all: boolean }): void {
  const narrowed = Object.values(filterOf(options)).some((value) => value !== undefined);
  if (narrowed === all)
    throw misused(narrowed ? '--all goes without ID and filter.' : 'Expected an ID, a filter or --all.');
}

export function filterOf(options: Filter): Filter {
  const { id, tenant, type, class: failureClass, code, since } = options;
  return { id, tenant, type, class: failureClass, code, since };
}
