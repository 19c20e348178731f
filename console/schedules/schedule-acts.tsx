/** What an operator can do with a schedule. */
import { ready } from '../api/call.ts';
import type { Schedule } from '../api/schema.ts';
import { Act, then, type Written } from '../parts/act.tsx';

export function ScheduleActs({ schedule: { scheduleId, tenantId, paused } }: { schedule: Schedule }) {
  const where = { path: { scheduleId }, query: { tenant: tenantId } };
  const run = ({ key: idempotencyKey }: Written) =>
    ready('post /v1/schedules/{scheduleId}/run', { ...where, idempotencyKey });
  const pause = ({ reason }: Written) =>
    ready('post /v1/schedules/{scheduleId}/pause', { ...where, body: { reason } });
  const resume = ready('post /v1/schedules/{scheduleId}/resume', where);
  return (
    <div class="acts">
      <Act
        label="Run now…"
        title={`Run ${scheduleId} now`}
        will={`One job of ${tenantId} is sent now, as at an occurrence. The schedule goes on as before.`}
        confirm="Run it"
        calls={(written) => [run(written)]}
        run={async (given) => {
          const { body } = await run(given).send();
          return (
            <>
              Sent as <a href={`/console/jobs/${body.jobId}`}>{body.jobId}</a>.
            </>
          );
        }}
      />
      {paused === undefined ? (
        <Act
          label="Pause…"
          title={`Pause ${scheduleId}`}
          will="No occurrence is sent until it is resumed, and what falls into the pause does not run later. One of the next minute may be on its way."
          confirm="Pause it"
          reason="Why, for other operators"
          calls={(written) => [pause(written)]}
          run={(given) => then(pause(given).send(), 'It rests.')}
        />
      ) : (
        <Act
          label="Resume…"
          title={`Resume ${scheduleId}`}
          will="It runs again from its next occurrence on. What fell into the pause does not run."
          confirm="Resume it"
          calls={() => [resume]}
          run={() => then(resume.send(), 'It runs again.')}
        />
      )}
    </div>
  );
}
