/** Runs failed jobs again, one after the other, while their reader watches. */
import { call } from '../api/call.ts';
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
  return (
    <Act
      label={label}
      title={`Run ${them} again`}
      will={`${what} For each a new job is recorded with the same input, and the failed one names it. One that was run again meanwhile is not run twice. They go one after the other; what has begun goes on when this page is left, the rest does not.`}
      confirm={`Run ${them} again`}
      run={async ({ tell }) => {
        const redrive = ({ id }: JobSummary) =>
          call('post /v1/jobs/{jobId}/redrive', { path: { jobId: id } });
        return doneText(await inTurn(jobs, redrive, tell), 'run again');
      }}
    />
  );
}
