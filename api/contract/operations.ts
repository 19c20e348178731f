/** The operations of the API on operations: one act on everything that matches a filter. */
import * as z from 'zod';
import { OperationStart, OperationView } from '../../domain/operation/asked.ts';
import { operations, READS_BODY } from './operation.ts';

export const OperationPage = z.object({ items: z.array(OperationView) });

export const OperationPreview = z.object({
  matches: z.int().describe('How many jobs or deliveries match, of those that were examined.'),
  examined: z.int(),
  more: z.boolean().describe('Whether there are more than were examined.'),
});

const byOperator = { tag: 'operations', access: { kind: 'operator' } } as const;
const REFUSALS = [...READS_BODY, 'time_range', 'endpoint_disabled'] as const;

export const bulkOperations = operations({
  startOperation: {
    method: 'post',
    path: '/v1/operations',
    ...byOperator,
    summary: 'Redrive failed jobs, cancel jobs or replay webhooks, all that match a filter',
    description:
      'It is done in slices, and goes on when a process dies. What the operation itself causes does not match. With the same Idempotency-Key a repeat finds the operation of the first request.',
    headers: ['Idempotency-Key'],
    body: OperationStart,
    answers: {
      202: { description: 'It has begun.', body: OperationView },
      200: {
        description: 'The same request was sent before; this is its operation.',
        body: OperationView,
        headers: ['Idempotent-Replayed'],
      },
    },
    problems: [...REFUSALS, 'idempotency_key_missing', 'idempotency_conflict'],
  },
  previewOperation: {
    method: 'post',
    path: '/v1/operations:preview',
    ...byOperator,
    summary: 'Count what an operation would act on',
    description: 'Of up to 1,000 examined rows. Nothing is done.',
    body: OperationStart,
    answers: { 200: { description: 'The count.', body: OperationPreview } },
    problems: REFUSALS,
  },
  listOperations: {
    method: 'get',
    path: '/v1/operations',
    ...byOperator,
    summary: 'List operations, the newest first',
    description: 'Those that run, and for 30 days those that are over.',
    answers: { 200: { description: 'All of them.', body: OperationPage } },
    problems: [],
  },
  getOperation: {
    method: 'get',
    path: '/v1/operations/{operationId}',
    ...byOperator,
    summary: 'Read how far an operation has come',
    answers: { 200: { description: 'The operation.', body: OperationView } },
    problems: ['not_found'],
  },
  cancelOperation: {
    method: 'post',
    path: '/v1/operations/{operationId}/cancel',
    ...byOperator,
    summary: 'End an operation',
    description: 'What was done stays done, and the slice that is under way is done to its end.',
    answers: {
      202: { description: 'Its slice is being done.', body: OperationView },
      200: { description: 'It is over.', body: OperationView },
    },
    problems: ['not_found'],
  },
});
