/** Jobs, for tenants and operators. */
import { jobIdOf } from '../../application/job/identity.ts';
import { type CancelJobPorts, cancelJob } from '../../application/resources/cancel-job.ts';
import { explainWait, type WaitPorts } from '../../application/resources/explain-wait.ts';
import { jobTimeline, withOthers } from '../../application/resources/job-timeline.ts';
import { type ListPorts, listJobs } from '../../application/resources/list-jobs.ts';
import { notFound, type Refused } from '../../application/resources/refused.ts';
import { isFinal, type JobRecord, JobState } from '../../domain/job/job.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import { type Audience, type JobView, summaryOf, viewOf } from '../../domain/reading/job-view.ts';
import type { JobFilter } from '../../domain/reading/listing.ts';
import { waitView } from '../../domain/reading/wait-view.ts';
import type { jobOperations } from '../contract/jobs.ts';
import { JobListQuery, TAG_PARAMETER } from '../contract/parameters.ts';
import { type Answer, type Asked, type Handlers, ok } from '../handler.ts';
import { parameterInvalid } from '../refusals.ts';
import { tenantMissing } from './parameters.ts';
import { type SubmissionPorts, submissionHandlers } from './submissions.ts';

type JobHandlers = Handlers<keyof typeof jobOperations>;

export function jobHandlers(ports: SubmissionPorts & CancelJobPorts & ListPorts & WaitPorts): JobHandlers {
  const shown = async (job: JobRecord, audience: Audience): Promise<JobView> => {
    const view = viewOf(await ports.jobs.whole(job), audience);
    if (view.dependsOn === undefined) return view;
    // Also those that were named by their keys, so that a reader can follow them.
    const dependsOn = view.dependsOn.map((other) => ({
      ...other,
      jobId: other.jobId ?? jobIdOf(job.tenantId, other.idempotencyKey ?? ''),
    }));
    return { ...view, dependsOn };
  };
  return {
    ...submissionHandlers(ports),

    async listJobs({ caller, mine, query }) {
      const { tenantId } = mine;
      if (tenantId === undefined) return tenantMissing;
      const read = filterOf(query);
      if (read.kind === 'refused') return read;
      const { filter } = read;
      const { limit = '50', cursor } = query;
      const page = await listJobs(ports, { ...mine, tenantId }, filter, { limit: Number(limit), cursor });
      if (page.kind === 'refused') return page;
      const { jobs, next, examined } = page;
      const items = jobs.map((job) => summaryOf(job, caller.audience));
      return ok({ items, ...(next === undefined ? {} : { next }), examined });
    },

    getJob: withJob(async (job, { caller }) => {
      // Its parts never change, so a reader that has this version of it costs one read.
      const by = viewOf(withoutParts(job), caller.audience);
      return {
        kind: 'answer',
        status: 200,
        tagged: { by, whole: () => shown(job, caller.audience) },
      };
    }),

    explainJob: withJob(async (job, { caller }) =>
      ok(waitView(job, await explainWait(ports, job), caller.audience)),
    ),

    getJobTimeline: withJob(async (job, { caller, mine }) =>
      ok({ items: await jobTimeline(mine, await withOthers(ports, job), caller.audience) }),
    ),

    cancelJob: withJob(async (job, { caller }) => {
      const ended = await cancelJob(ports, job);
      if (ended === undefined) return notFound;
      const body = await shown(ended, caller.audience);
      return { kind: 'answer', status: isFinal(ended.state) ? 200 : 202, body };
    }),
  };
}

function withoutParts({ input: _, metadata: __, dependsOn: ___, ...job }: JobRecord): WholeJob {
  return job;
}

/** The job that the path names, if the caller reaches it. */
export function withJob(use: (job: JobRecord, asked: Asked) => Promise<Answer | Refused>) {
  return async (asked: Asked): Promise<Answer | Refused> => {
    const job = await asked.mine.job(asked.path['jobId'] ?? '');
    return job === undefined ? notFound : use(job, asked);
  };
}

type ReadFilter = { readonly kind: 'read'; readonly filter: JobFilter } | Refused;

/** Tags have no fixed names, so the schema of the parameters lets every name pass, and this one judges them. */
function filterOf(query: Asked['query']): ReadFilter {
  const { tenant: _, limit: __, cursor: ___, state, type, since, until, ...others } = query;
  const tags: Record<string, string> = {};
  for (const [name, value = ''] of Object.entries(others)) {
    const tag = TAG_PARAMETER.exec(name)?.[1];
    if (tag === undefined) return unknownParameter(name);
    tags[tag] = value;
  }
  const filter = {
    state: JobState.optional().parse(state),
    jobType: type,
    tags,
    sinceMs: since === undefined ? undefined : Date.parse(since),
    untilMs: until === undefined ? undefined : Date.parse(until),
  };
  return { kind: 'read', filter };
}

function unknownParameter(name: string): Refused {
  const known = [...Object.keys(JobListQuery.shape), 'tag.<name>'].join(', ');
  return parameterInvalid(name, `Expected one of ${known}.`);
}
