/** Why a job waits, for its reader: a tenant is told neither an operator's reasons nor what AWS said. */
import * as z from 'zod';
import { JobState } from '../job/job.ts';
import { stuckTextForTenant } from '../tenant/stuck-text.ts';
import { type Wait, waitText } from '../tenant/why.ts';
import type { Audience } from './job-view.ts';

export const WaitView = z.object({
  jobId: z.string(),
  state: JobState,
  /** What it waits for: `none`, `time`, `jobs`, `slot`, `turn`, `platform`, `answer` or `capacity`. Later versions may know more. */
  waitsFor: z.string(),
  /** One sentence. */
  text: z.string(),
  /** Of a wait for a time, and for a budget whose month is over then. */
  until: z.iso.datetime().optional(),
  /** Of a wait for a slot: the cap that is reached, and how many of the tenant's jobs come before. */
  obstacle: z.string().optional(),
  cap: z.int().optional(),
  inUse: z.int().optional(),
  ahead: z.int().optional(),
  /** Of a wait for others: a job, or `group:` and a group, that has not ended as it asks, and how many there are of these. */
  other: z.string().optional(),
  left: z.int().optional(),
});
export type WaitView = z.infer<typeof WaitView>;

export function waitView(
  { jobId, state }: { readonly jobId: string; readonly state: JobState },
  wait: Wait,
  audience: Audience,
): WaitView {
  return { jobId, state, waitsFor: wait.kind, text: waitTextFor(wait, audience), ...factsOf(wait) };
}

/** One sentence for its reader. */
export function waitTextFor(wait: Wait, audience: Audience): string {
  if (audience === 'operator') return waitText(wait);
  if (wait.kind === 'platform')
    return `the platform cannot take it now, and is asked again after ${new Date(wait.untilMs).toISOString()}`;
  if (wait.kind === 'capacity' && wait.stuck !== undefined)
    return `${stuckTextForTenant(wait.stuck)}; it has been ready since ${new Date(wait.sinceMs).toISOString()}`;
  if (wait.kind === 'slot' && wait.obstacle.kind === 'paused') return 'jobs of this tenant are paused';
  // What its jobs cost is told with `usage:read`, and its budget is the operator's.
  if (wait.kind === 'slot' && wait.obstacle.kind === 'budget')
    return `the budget of this tenant for ${wait.obstacle.month} is used`;
  return waitText(wait);
}

function factsOf(wait: Wait): Omit<WaitView, 'jobId' | 'state' | 'waitsFor' | 'text'> {
  if (wait.kind === 'jobs')
    return { until: new Date(wait.untilMs).toISOString(), other: wait.first.name, left: wait.left };
  if ('untilMs' in wait) return { until: new Date(wait.untilMs).toISOString() };
  if (wait.kind !== 'slot') return {};
  const { obstacle, ahead } = wait;
  if (obstacle.kind === 'paused') return { obstacle: obstacle.kind, ahead };
  if (obstacle.kind === 'budget')
    return { obstacle: obstacle.kind, until: new Date(obstacle.untilMs).toISOString(), ahead };
  return { obstacle: obstacle.kind, cap: obstacle.cap, inUse: obstacle.inUse, ahead };
}
