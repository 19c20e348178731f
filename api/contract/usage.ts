/** The operation of the API that tells a tenant what it has used. */
import * as z from 'zod';
import { Month, UsedView } from '../../domain/cost/receipt.ts';
import { operations } from './operation.ts';
import { OfTenant } from './parameters.ts';

const UsageQuery = OfTenant.extend({
  month: Month.optional().describe(
    'The UTC month in which attempts ended, such as 2026-11; this one if absent.',
  ),
  by: z.enum(['type', 'job', 'tag']).optional().describe('What is summed: `type` if absent.'),
  tag: z.string().min(1).max(128).optional().describe('With `by=tag`: the name of the tag.'),
});

const Used = z.object({ month: Month, items: z.array(UsedView), total: UsedView });

export const usageOperations = operations({
  getMyUsage: {
    method: 'get',
    path: '/v1/usage',
    tag: 'tenants',
    access: { kind: 'tenant', scope: 'usage:read', narrowing: 'closed' },
    summary: 'Count the attempts of a month and their seconds',
    description:
      'By the receipts of attempts that have ended, for 400 days; those with the most seconds first. What they cost is for operators.',
    query: UsageQuery,
    answers: { 200: { description: 'The sums.', body: Used } },
    problems: [],
  },
});
