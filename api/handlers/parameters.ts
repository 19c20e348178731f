/** What handlers of several nouns read of a request, and how they refuse it. */
import type { Refused } from '../../application/resources/refused.ts';
import type { Grouping } from '../../domain/cost/receipt.ts';
import { problem } from '../../domain/errors.ts';
import { IdempotencyKey } from '../../domain/job/ids.ts';
import type { Asked } from '../handler.ts';

export const tenantMissing: Refused = {
  kind: 'refused',
  problem: problem(
    'parameter_invalid',
    '/tenant',
    'Expected the parameter tenant: operators say which tenant they mean.',
  ),
};

/** The header that makes a repeat of a request find what the first one made; undefined where none was sent. */
export function requestKeyOf(
  headers: Asked['headers'],
): { readonly kind: 'key'; readonly key: string } | Refused | undefined {
  const given = headers['Idempotency-Key'];
  if (given === undefined) return undefined;
  const { success, data } = IdempotencyKey.safeParse(given);
  if (success) return { kind: 'key', key: data };
  const expected = 'Expected 1 to 128 printable ASCII characters without spaces.';
  return { kind: 'refused', problem: problem('parameter_invalid', '/Idempotency-Key', expected) };
}

/** By what the receipts of a month are summed. */
export function groupingOf({
  by = 'type',
  tag,
}: Asked['query']): { readonly kind: 'grouping'; readonly by: Grouping } | Refused {
  if ((by === 'tag') !== (tag !== undefined)) return tagMissing;
  return { kind: 'grouping', by: tag === undefined ? (by === 'job' ? 'job' : 'type') : { tag } };
}

const tagMissing: Refused = {
  kind: 'refused',
  problem: problem(
    'parameter_invalid',
    '/tag',
    'Expected the name of a tag with by=tag, and without it none.',
  ),
};
