/** The operation of the API that erases a tenant. */
import * as z from 'zod';
import { OperationView } from '../../domain/operation/asked.ts';
import { operations } from './operation.ts';

const ErasureQuery = z.strictObject({
  unfinished: z
    .enum(['cancel', 'drain'])
    .optional()
    .describe(
      'What happens to jobs that are not over: `cancel` ends them, `drain` waits for them. If absent, the request is refused while there are any.',
    ),
});

export const erasureOperations = operations({
  eraseTenant: {
    method: 'delete',
    path: '/v1/tenants/{tenantId}',
    tag: 'tenants',
    access: { kind: 'operator' },
    summary: 'Erase a tenant and all that it has',
    description:
      'The tenant is closed at once: its jobs are refused and its keys are gone. Then its jobs end, and its records, objects, logs of containers, receipts, endpoints, deliveries, groups and schedules are removed; its record goes last. A repeat finds the operation.',
    query: ErasureQuery,
    answers: {
      202: { description: 'It has begun, or was begun before.', body: OperationView },
    },
    problems: ['not_found', 'jobs_unfinished'],
  },
});
