/** The operations of operators on failed jobs. */
import * as z from 'zod';
import { JobView } from '../../domain/reading/job-view.ts';
import { ADMISSION, byJob } from './jobs.ts';
import { operations } from './operation.ts';

const Discarding = z.strictObject({ reason: z.string().min(1).max(256) });

export const failedJobOperations = operations({
  redriveJob: {
    method: 'post',
    path: '/v1/jobs/{jobId}/redrive',
    ...byJob,
    access: { kind: 'operator' },
    summary: 'Run a failed job again',
    description:
      'A failed job has one child: a repeat finds it. Its dead letter stays in the queue, without further effect.',
    problems: [...ADMISSION, 'not_found', 'state_conflict'],
    answers: {
      201: { description: 'The child was recorded.', body: JobView },
      200: { description: 'The child was there before.', body: JobView },
    },
  },
  discardJob: {
    method: 'post',
    path: '/v1/jobs/{jobId}/discard',
    ...byJob,
    access: { kind: 'operator' },
    summary: 'Keep a failed job from running again',
    body: Discarding,
    problems: ['not_found', 'state_conflict', 'content_type', 'body_not_json', 'field_invalid'],
    answers: { 200: { description: 'No copy of its dead letter runs it.', body: JobView } },
  },
});
