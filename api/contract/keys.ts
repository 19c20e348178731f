/** The operations of operators on keys. */
import * as z from 'zod';
import { AccessKey, KeySettings } from '../../domain/access/key.ts';
import { operations, READS_BODY } from './operation.ts';
import { OfTenant } from './parameters.ts';

const Time = z.iso.datetime();

export const KeyView = AccessKey.extend({
  createdAt: Time,
  disabledAt: Time.optional(),
  bearer: z.boolean().optional(),
}).strip();

export const KeyPage = z.object({ items: z.array(KeyView) });

const byOperator = { tag: 'keys', access: { kind: 'operator' } } as const;

export const keyOperations = operations({
  createKey: {
    method: 'post',
    path: '/v1/keys',
    ...byOperator,
    summary: 'Register the public half of a key',
    description:
      'The seed never leaves its owner: `headgate key create` makes the pair, sends this, and shows the key once. The id is made of the public key, so a repeat finds the key.',
    body: KeySettings,
    answers: {
      201: { description: 'It signs from now on.', body: KeyView },
      200: { description: 'It was registered before, as it is shown here.', body: KeyView },
    },
    problems: [...READS_BODY],
  },
  listKeys: {
    method: 'get',
    path: '/v1/keys',
    ...byOperator,
    summary: 'List keys',
    query: OfTenant.omit({ tenant: true }),
    answers: { 200: { description: 'All keys, also those that are disabled.', body: KeyPage } },
    problems: [],
  },
  getKey: {
    method: 'get',
    path: '/v1/keys/{keyId}',
    ...byOperator,
    summary: 'Read a key',
    answers: { 200: { description: 'The key.', body: KeyView } },
    problems: ['not_found'],
  },
  disableKey: {
    method: 'post',
    path: '/v1/keys/{keyId}/disable',
    ...byOperator,
    summary: 'End a key and all its tokens within 60 seconds',
    answers: { 200: { description: 'It is disabled, for good.', body: KeyView } },
    problems: ['not_found'],
  },
});
