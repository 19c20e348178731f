/** The screen of one job: what is going on with it, why, and what can be done about it. */
import { useParams } from 'wouter';
import { useJob, useTimeline, useWhy } from '../api/queries.ts';
import type { Job as JobView, Wait } from '../api/schema.ts';
import { Head } from '../parts/head.tsx';
import { Loaded } from '../parts/loaded.tsx';
import { useNow } from '../parts/now.ts';
import { toneOf } from '../parts/state.tsx';
import { Name } from '../parts/text.tsx';
import { JobActs } from './acts/job-acts.tsx';
import { Attempts } from './attempts.tsx';
import { Deliveries } from './deliveries.tsx';
import { Dependencies } from './dependencies.tsx';
import { Facts } from './facts.tsx';
import { Life } from './life.tsx';
import { RawRecord } from './record.tsx';
import { sentenceOf } from './sentence.ts';
import { Tail } from './tail.tsx';
import { Timeline } from './timeline.tsx';

export function Job() {
  const { jobId = '' } = useParams();
  const job = useJob(jobId);
  return (
    <>
      {job.data === undefined && <Head title={jobId} above={<a href="/console/jobs">Jobs</a>} />}
      <Loaded read={job} what="this job">
        {(known) => <Known job={known} />}
      </Loaded>
    </>
  );
}

function Known({ job }: { job: JobView }) {
  const why = useWhy(job.id, job.version);
  const timeline = useTimeline(job.id);
  return (
    <>
      <Head title={job.idempotencyKey} id={job.id} above={<Above job={job} />}>
        <JobActs job={job} />
      </Head>
      <Why job={job} wait={why.data} />
      <div class="columns">
        <div>
          <Life job={job} wait={why.data} />
          <Dependencies job={job} wait={why.data} />
          <Attempts job={job} />
          {job.state === 'failed' && <Tail job={job} />}
          <Deliveries job={job} />
          <Loaded read={timeline} what="what happened">
            {(entries) => <Timeline entries={entries} />}
          </Loaded>
          <RawRecord job={job} />
        </div>
        <Facts job={job} />
      </div>
    </>
  );
}

function Above({ job: { tenantId, jobType } }: { job: JobView }) {
  const tenant = encodeURIComponent(tenantId);
  return (
    <>
      <a href="/console/jobs">Jobs</a> /{' '}
      <a href={`/console/jobs?tenant=${tenant}`}>
        <Name text={tenantId} />
      </a>{' '}
      /{' '}
      <a href={`/console/jobs?tenant=${tenant}&type=${encodeURIComponent(jobType)}`}>
        <Name text={jobType} />
      </a>
    </>
  );
}

function Why({ job, wait }: { job: JobView; wait: Wait | undefined }) {
  const nowMs = useNow();
  const { lead, rest } = sentenceOf(job, wait, nowMs);
  return (
    <p class="why" role="status" aria-live="polite">
      <strong class={toneOf(job.state)}>{lead}</strong>
      <bdi>{rest}</bdi>
    </p>
  );
}
