/** Failed jobs, for operators. */
import { discardJob, redriveJob } from '../../application/resources/redrive-job.ts';
import type { SubmitJobPorts } from '../../application/resources/submit-job.ts';
import { viewOf } from '../../domain/reading/job-view.ts';
import { readBodyAs } from '../../domain/request/body.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { failedJobOperations } from '../contract/failed-jobs.ts';
import { type Handlers, ok } from '../handler.ts';
import { withJob } from './jobs.ts';

export function failedJobHandlers(
  ports: SubmitJobPorts & { readonly jobs: Pick<JobStore, 'get' | 'replace'> },
): Handlers<keyof typeof failedJobOperations> {
  const redriven = redriveJob(ports);
  return {
    redriveJob: withJob(async (job, { requestId }) => {
      const outcome = await redriven(requestId, job);
      if (outcome.kind === 'refused') return outcome;
      return {
        kind: 'answer',
        status: outcome.kind === 'created' ? 201 : 200,
        body: viewOf(await ports.jobs.whole(outcome.job), 'operator'),
      };
    }),

    discardJob: withJob(async (job, { body }) => {
      const read = readBodyAs(failedJobOperations.discardJob.body, body);
      if (read.kind === 'refused') return read;
      const outcome = await discardJob(ports, job, read.value.reason);
      return outcome.kind === 'refused'
        ? outcome
        : ok(viewOf(await ports.jobs.whole(outcome.job), 'operator'));
    }),
  };
}
