/** What an operator can do with a schedule. */
import { call } from '../api/call.ts';
import type { Schedule } from '../api/schema.ts';
import { Act } from '../parts/act.tsx';

export function ScheduleActs({ schedule: { scheduleId, tenantId, paused } }: { schedule: Schedule }) {
  const where = { path: { scheduleId }, query: { tenant: tenantId } };
  return (
    <div class="acts">
      <Act
        label="Run now…"
        title={`Run ${scheduleId} now`}
        will={`One job of ${tenantId} is sent now, as at an occurrence. The schedule goes on as before.`}
        confirm="Run it"
        run={async () => {
          const idempotencyKey = crypto.randomUUID();
          const { body } = await call('post /v1/schedules/{scheduleId}/run', { ...where, idempotencyKey });
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
          run={async ({ reason }) => {
            await call('post /v1/schedules/{scheduleId}/pause', { ...where, body: { reason } });
            return 'It rests.';
          }}
        />
      ) : (
        <Act
          label="Resume…"
          title={`Resume ${scheduleId}`}
          will="It runs again from its next occurrence on. What fell into the pause does not run."
          confirm="Resume it"
          run={async () => {
            await call('post /v1/schedules/{scheduleId}/resume', where);
            return 'It runs again.';
          }}
        />
      )}
    </div>
  );
}
