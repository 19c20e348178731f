/** What an operator can do with one job. */
import { ready } from '../../api/call.ts';
import { isFinal } from '../../api/queries.ts';
import type { Job } from '../../api/schema.ts';
import { Copies } from '../../copies/copies.tsx';
import { Act, then, type Written } from '../../parts/act.tsx';
import { discarding, isOpenFailure } from './discarding.ts';
import { EditedCopy } from './edited-copy.tsx';

export function JobActs({ job }: { job: Job }) {
  const { id: jobId, tenantId: tenant } = job;
  return (
    <>
      <Copies calls={() => [ready('get /v1/jobs/{jobId}', { path: { jobId }, query: { tenant } })]} />
      {isOpenFailure(job) && (
        <>
          <Redrive job={job} />
          <Discard job={job} />
        </>
      )}
      {isFinal(job) && <EditedCopy job={job} />}
      {!isFinal(job) && <Cancel job={job} />}
    </>
  );
}

function Cancel({ job: { id: jobId, tenantId: tenant, startedAt } }: { job: Job }) {
  const cancel = ready('post /v1/jobs/{jobId}/cancel', { path: { jobId }, query: { tenant } });
  return (
    <Act
      label="Cancel…"
      title="Cancel this job"
      will={
        startedAt === undefined
          ? 'It has not begun. It ends as cancelled, and its tenant is told so.'
          : 'Its container is told to stop and is ended. What it has done so far is lost, and its tenant is told that it was cancelled.'
      }
      confirm="Cancel it"
      calls={() => [cancel]}
      run={async () => {
        const { status, body } = await cancel.send();
        return status === 202 ? 'Its container is being ended.' : `It is ${body.state}.`;
      }}
    />
  );
}

function Redrive({ job: { id: jobId } }: { job: Job }) {
  const redrive = ready('post /v1/jobs/{jobId}/redrive', { path: { jobId } });
  return (
    <Act
      label="Redrive…"
      title="Run this job again"
      will="A new job is recorded with the same input. This one stays as it is and names it. It can be run again once; a repeat finds the same job."
      confirm="Run it again"
      calls={() => [redrive]}
      run={async () => {
        const { status, body } = await redrive.send();
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

function Discard({ job: { id } }: { job: Job }) {
  const discard = ({ reason }: Written) => discarding(id, reason);
  return (
    <Act
      label="Discard…"
      title="Discard this job"
      will="It stays failed, and can never be run again. There is no way back."
      confirm="Discard it"
      reason="Why"
      calls={(written) => [discard(written)]}
      run={(given) => then(discard(given).send(), 'It is discarded.')}
    />
  );
}
