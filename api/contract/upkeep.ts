/** Whether the stack keeps up, for operators. */
import * as z from 'zod';
import { ActivityView } from '../../domain/cost/activity.ts';
import { CheckView } from '../../domain/reading/upkeep-view.ts';
import { operations } from './operation.ts';

const Upkeep = z.object({
  items: z.array(CheckView),
  deadLetters: z.array(z.object({ queue: z.string(), count: z.int() })),
});

export const upkeepOperations = operations({
  getActivity: {
    method: 'get',
    path: '/v1/activity',
    tag: 'service',
    access: { kind: 'operator' },
    summary: 'Ask how many attempts ended in the last hour and today, and what they cost',
    description:
      'By the receipts of attempts, of all tenants, 20,000 at most: those of the last hour first. An attempt that cost nothing has none.',
    answers: { 200: { description: 'The counts.', body: ActivityView } },
    problems: [],
  },
  getUpkeep: {
    method: 'get',
    path: '/v1/upkeep',
    tag: 'service',
    access: { kind: 'operator' },
    summary: 'Ask whether anything is late, was set aside, or lies in a dead-letter queue',
    description:
      'What the stack can see of itself. `headgate doctor` looks at the account as well: roles, quotas, AWS Batch.',
    answers: { 200: { description: 'Each check, and how many dead letters each queue has.', body: Upkeep } },
    problems: [],
  },
});
