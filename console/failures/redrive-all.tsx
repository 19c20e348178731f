/** Runs failed jobs again, one after the other, while their reader watches. */
import { ready } from '../api/call.ts';
import type { JobSummary } from '../api/schema.ts';
import { Act } from '../parts/act.tsx';
import { doneText, inTurn } from '../parts/in-turn.ts';
import { plural } from '../parts/words.ts';

export function RedriveAll({
  jobs,
  label,
  what,
}: {
  jobs: readonly JobSummary[];
  label: string;
  what: string;
}) {
  const them = plural(jobs.length, 'job');
  const redrive = ({ id: jobId }: JobSummary) => ready('post /v1/jobs/{jobId}/redrive', { path: { jobId } });
  return (
    <Act
      label={label}
      title={`Run ${them} again`}
      will={`${what} For each a new job is recorded with the same input, and the failed one names it. One that was run again meanwhile is not run twice. They go one after the other; what has begun goes on when this page is left, the rest does not.`}
      confirm={`Run ${them} again`}
      calls={() => jobs.map(redrive)}
      run={async ({ tell }) => doneText(await inTurn(jobs, (job) => redrive(job).send(), tell), 'run again')}
    />
  );
}
