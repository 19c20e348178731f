/** What an operator can do with one job. */
import { call } from '../api/call.ts';
import { isFinal } from '../api/queries.ts';
import type { Job } from '../api/schema.ts';
import { place } from '../api/session.ts';
import { Act } from '../parts/act.tsx';
import { Copy } from '../parts/copy.tsx';
import { asCurl, asScript } from './copies.ts';

export function JobActs({ job }: { job: Job }) {
  const where = () => place() ?? { operateUrl: '$OPERATE_URL', apiUrl: '$HEADGATE_URL' };
  return (
    <>
      <Copy label="Copy as curl" text={() => asCurl(where(), 'GET', `/v1/jobs/${job.id}`)} />
      <Copy label="Copy as code" text={() => asScript(where(), job)} />
      {job.state === 'failed' && job.redrivenAs === undefined && job.discardedAt === undefined && (
        <>
          <Redrive job={job} />
          <Discard job={job} />
        </>
      )}
      {!isFinal(job) && <Cancel job={job} />}
    </>
  );
}

function Cancel({ job }: { job: Job }) {
  const path = { jobId: job.id };
  return (
    <Act
      label="Cancel…"
      title="Cancel this job"
      will={
        job.startedAt === undefined
          ? 'It has not begun. It ends as cancelled, and its tenant is told so.'
          : 'Its container is told to stop and is ended. What it has done so far is lost, and its tenant is told that it was cancelled.'
      }
      confirm="Cancel it"
      run={async () => {
        const { status, body } = await call('post /v1/jobs/{jobId}/cancel', { path });
        return status === 202 ? 'Its container is being ended.' : `It is ${body.state}.`;
      }}
    />
  );
}

function Redrive({ job }: { job: Job }) {
  const path = { jobId: job.id };
  return (
    <Act
      label="Redrive…"
      title="Run this job again"
      will="A new job is recorded with the same input. This one stays as it is and names it. It can be run again once; a repeat finds the same job."
      confirm="Run it again"
      run={async () => {
        const { status, body } = await call('post /v1/jobs/{jobId}/redrive', { path });
        return (
          <>
            {status === 201 ? 'Recorded as ' : 'It was run again before, as '}
            <a href={`/console/jobs/${body.id}`}>{body.id}</a>.
          </>
        );
      }}
    />
  );
}

function Discard({ job }: { job: Job }) {
  const path = { jobId: job.id };
  return (
    <Act
      label="Discard…"
      title="Discard this job"
      will="It stays failed, and can never be run again. There is no way back."
      confirm="Discard it"
      reason="Why"
      run={async ({ reason }) => {
        await call('post /v1/jobs/{jobId}/discard', { path, body: { reason } });
        return 'It is discarded.';
      }}
    />
  );
}
