/** Failed jobs, for operators. */
import type { EndedWithPorts } from '../../application/dependency/ended-with.ts';
import {
  groupFailures,
  type ListFailuresPorts,
  listFailures,
} from '../../application/resources/list-failures.ts';
import { discardJob, redriveDependents, redriveJob } from '../../application/resources/redrive-job.ts';
import type { SubmitJobPorts } from '../../application/resources/submit-job.ts';
import { FailureClass } from '../../domain/job/job.ts';
import type { FailureFilter } from '../../domain/reading/failure-list.ts';
import { FAILURES_KEPT_DAYS } from '../../domain/reading/failure-row.ts';
import { failedJobView, failureGroupView } from '../../domain/reading/failure-view.ts';
import { summaryOf, viewOf } from '../../domain/reading/job-view.ts';
import { readBodyAs } from '../../domain/request/body.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { failedJobOperations } from '../contract/failed-jobs.ts';
import { type Asked, type Handlers, ok } from '../handler.ts';
import { withJob } from './jobs.ts';

export function failedJobHandlers(
  ports: SubmitJobPorts &
    ListFailuresPorts &
    EndedWithPorts & { readonly jobs: Pick<JobStore, 'get' | 'replace'> },
): Handlers<keyof typeof failedJobOperations> {
  const redriven = redriveJob(ports);
  const dependentsRedriven = redriveDependents(ports);
  return {
    async listFailures({ query }) {
      const limit = Number(query['limit'] ?? DEFAULT_PAGE);
      const filter = filterOf(query, ports.clock.nowMs());
      const page = await listFailures(ports, filter, { limit, cursor: query['cursor'] });
      if (page.kind === 'refused') return page;
      const { kind: _, rows, ...rest } = page;
      return ok({ items: rows.map(failedJobView), ...rest });
    },

    async groupFailures({ query }) {
      const page = await groupFailures(ports, filterOf(query, ports.clock.nowMs()), query['cursor']);
      if (page.kind === 'refused') return page;
      const { kind: _, groups, ...rest } = page;
      return ok({ items: groups.map(failureGroupView), ...rest });
    },

    redriveJob: withJob(async (job, { requestId }) => {
      const outcome = await redriven(requestId, job);
      if (outcome.kind === 'refused') return outcome;
      return {
        kind: 'answer',
        status: outcome.kind === 'created' ? 201 : 200,
        body: viewOf(await ports.jobs.whole(outcome.job), 'operator'),
      };
    }),

    redriveDependents: withJob(async (job, { requestId }) => {
      const outcome = await dependentsRedriven(requestId, job);
      if (outcome.kind === 'refused') return outcome;
      const { jobs, refused, left } = outcome;
      return ok({ items: jobs.map((each) => summaryOf(each, 'operator')), refused, left });
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

const DEFAULT_PAGE = 50;
const DAY_MS = 86_400_000;

function filterOf(query: Asked['query'], nowMs: number): FailureFilter {
  const { tenant, type, class: cls, code, fingerprint, since, until } = query;
  return {
    tenantId: tenant,
    jobType: type,
    class: FailureClass.safeParse(cls).data,
    code,
    fingerprint,
    isOpen: query['open'] === 'true',
    // No row is older.
    sinceMs: Math.max(since === undefined ? 0 : Date.parse(since), nowMs - FAILURES_KEPT_DAYS * DAY_MS),
    untilMs: until === undefined ? nowMs + 1 : Math.min(Date.parse(until), nowMs + 1),
  };
}
