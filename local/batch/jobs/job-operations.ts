/** DescribeJobs, CancelJob and TerminateJob. */
import * as z from 'zod';
import { type Body, type Operation, parse } from '../request.ts';
import { jobDetail } from './detail.ts';
import type { JobRecord, Stop } from './job.ts';
import type { Jobs } from './jobs.ts';
import type { Lifecycle } from './lifecycle.ts';

const DescribeRequest = z.strictObject({
  jobs: z.array(z.string()).min(1, 'at least one job id must be given').max(100, {
    error: 'Maximum number of jobs supported is  100 .',
  }),
});
const StopRequest = z.strictObject({ jobId: z.string().min(1), reason: z.string().min(1).max(1024) });

export function jobOperations(parts: {
  region: string;
  clock: { now(): number };
  jobs: Jobs;
  lifecycle: Lifecycle;
}): Record<string, Operation> {
  const { region, clock, jobs, lifecycle } = parts;
  /** An id that nobody knows is no error: the answer is the same as for a job that has ended. */
  const stop = (kind: Stop['kind'], body: Body) => {
    const { jobId, reason } = parse(StopRequest, body);
    lifecycle.stop(jobId, { kind, reason });
    return {};
  };
  return {
    describejobs(body) {
      const found = parse(DescribeRequest, body).jobs.flatMap((jobId) => jobs.get(jobId) ?? []);
      const nowMs = clock.now();
      const detail = (job: JobRecord) =>
        jobDetail(job, { region, nowMs, childCounts: jobs.childCounts(job.jobId) });
      return { jobs: found.map(detail) };
    },
    canceljob: (body) => stop('cancelled', body),
    terminatejob: (body) => stop('terminated', body),
  };
}
