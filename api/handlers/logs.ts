/** What programs printed, for tenants and operators. */
import { type JobLogPorts, jobLogs } from '../../application/resources/job-logs.ts';
import { notFound } from '../../application/resources/refused.ts';
import type { logOperations } from '../contract/logs.ts';
import { type Handlers, ok } from '../handler.ts';
import { withJob } from './jobs.ts';

/** No job has as many. */
const ATTEMPT = /^[1-9]\d{0,3}$/;

export function logHandlers(ports: JobLogPorts): Handlers<keyof typeof logOperations> {
  return {
    getJobLogs: withJob(async (job, { caller: { audience }, path, query: { limit = '100', after } }) => {
      const { attempt = '' } = path;
      if (!ATTEMPT.test(attempt)) return notFound;
      const asked = { attempt: Number(attempt), lines: Number(limit), after, audience };
      const page = await jobLogs(ports, job, asked);
      if (page.kind === 'refused') return page;
      const { lines, next } = page;
      return ok({ lines, ...(next === undefined ? {} : { next }) });
    }),
  };
}
