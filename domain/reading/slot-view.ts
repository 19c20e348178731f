/** The holders of a tenant's slots, for operators. */
import * as z from 'zod';
import type { JobRecord } from '../job/job.ts';
import { JobState } from '../job/job.ts';
import type { Gate } from '../tenant/gate.ts';
import { holderName } from '../tenant/holder.ts';
import { auditGate } from '../tenant/slot-audit.ts';

export const SlotsView = z.object({
  items: z.array(
    z.object({
      jobId: z.string(),
      attempt: z.int(),
      /** Absent, like the next ones, for a record that is gone or cannot be read. */
      idempotencyKey: z.string().optional(),
      jobType: z.string().optional(),
      state: JobState.optional(),
      /** When the job came into this state. */
      stateAt: z.iso.datetime().optional(),
      /** Its attempt needs no slot any more; reconcile takes it back. */
      leaked: z.literal(true).optional(),
    }),
  ),
  /** Caps of which more is in use than they allow, as after one was lowered. */
  above: z.array(z.object({ what: z.string(), inUse: z.int(), cap: z.int() })),
});
export type SlotsView = z.infer<typeof SlotsView>;

/**
 * @param jobs of the holders, by id, without those that are gone
 * @param unreadable ids of those that this version cannot read: whether they need their slots is not known
 */
export function slotsView(
  gate: Gate,
  jobs: ReadonlyMap<string, JobRecord>,
  unreadable: ReadonlySet<string>,
): SlotsView {
  const findings = auditGate(gate, jobs);
  const leaks = new Set(
    findings.flatMap((finding) => (finding.kind === 'leak' ? [holderName(finding.holder)] : [])),
  );
  return {
    items: gate.holders.map((holder) => ({
      jobId: holder.jobId,
      attempt: holder.attempt,
      ...shownOf(jobs.get(holder.jobId)),
      ...(leaks.has(holderName(holder)) && !unreadable.has(holder.jobId) ? { leaked: true as const } : {}),
    })),
    above: findings.flatMap((finding) => {
      if (finding.kind !== 'above_cap') return [];
      const { what, inUse, cap } = finding;
      return [{ what, inUse, cap }];
    }),
  };
}

function shownOf(job: JobRecord | undefined) {
  if (job === undefined) return {};
  const { idempotencyKey, jobType, state, stateAt } = job;
  return { idempotencyKey, jobType, state, stateAt: new Date(stateAt).toISOString() };
}
