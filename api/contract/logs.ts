/** The operation on what the program of a job printed. */
import * as z from 'zod';
import { LogLine, MAX_LOG_LINES } from '../../domain/reading/log-page.ts';
import { byJob } from './jobs.ts';
import { operations } from './operation.ts';
import { OfTenant } from './parameters.ts';

const LogQuery = OfTenant.extend({
  limit: z
    .string()
    .regex(/^(?:[1-9]\d{0,2}|1000)$/, `expected a number from 1 to ${MAX_LOG_LINES}`)
    .optional()
    .describe('At most so many lines, from 1 to 1,000; 100 if absent.'),
  after: z.string().max(4800).optional().describe('`next` of the page before, of the same attempt.'),
});

export const LogPage = z.object({
  lines: z.array(LogLine).describe('The oldest first.'),
  next: z
    .string()
    .optional()
    .describe(
      'Goes on after these lines, also when there are none yet. Absent when the attempt is over and all was read.',
    ),
});

export const logOperations = operations({
  getJobLogs: {
    method: 'get',
    path: '/v1/jobs/{jobId}/attempts/{attempt}/logs',
    ...byJob,
    access: { kind: 'tenant', scope: 'logs:read', narrowing: 'job' },
    query: LogQuery,
    summary: 'Read what an attempt of a job printed',
    description:
      'For tenants of job types that show their logs. A page has at most a megabyte, and may have no lines and a next. The log of a container at work is known some seconds after its start; a line is there some seconds after it was printed.',
    answers: { 200: { description: 'One page.', body: LogPage } },
    problems: ['not_found', 'cursor_invalid', 'logs_closed', 'logs_not_yet', 'logs_expired'],
  },
});
