/** DescribeJobs, and what ends jobs: CancelJob and TerminateJob, and the two that take a list. */
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
const Reason = z.string().min(1).max(1024);
const StopRequest = z.strictObject({ jobId: z.string().min(1), reason: Reason });
const StopManyRequest = z.strictObject({ jobs: z.array(z.string()).min(1).max(50), reason: Reason });
/** Of a job, or of a child of an array. */
const JOB_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(:[0-9]{1,4})?$/;

export function jobOperations(parts: {
  region: string;
  clock: { now(): number };
  jobs: Jobs;
  lifecycle: Lifecycle;
}): Record<string, Operation> {
  const { region, clock, jobs, lifecycle } = parts;
  /** An unknown id is not an error: the answer is the same as for a job that has ended. */
  const stop = (kind: Stop['kind'], body: Body) => {
    const { jobId, reason } = parse(StopRequest, body);
    lifecycle.stop(jobId, { kind, reason });
    return {};
  };
  /** One call for up to fifty jobs; each is answered for itself. */
  const stopMany = (kind: Stop['kind'], body: Body) => {
    const { jobs: jobIds, reason } = parse(StopManyRequest, body);
    const successful = jobIds.filter((jobId) => JOB_ID.test(jobId));
    for (const jobId of successful) lifecycle.stop(jobId, { kind, reason });
    const errors = jobIds
      .filter((jobId) => !JOB_ID.test(jobId))
      .map((job) => ({ job, code: 'ValidationException', message: `${job} is not the id of a job` }));
    return { successful, errors };
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
    canceljobs: (body) => stopMany('cancelled', body),
    terminatejobs: (body) => stopMany('terminated', body),
  };
}
