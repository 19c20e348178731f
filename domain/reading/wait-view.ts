/** Why a job waits, for its reader: a tenant is told neither an operator's reasons nor what AWS said. */
import * as z from 'zod';
import { JobState } from '../job/job.ts';
import { type Wait, waitText } from '../tenant/why.ts';
import type { Audience } from './job-view.ts';

export const WaitView = z.object({
  jobId: z.string(),
  state: JobState,
  /** What it waits for: `none`, `time`, `slot`, `turn`, `platform`, `answer` or `capacity`. Later versions may know more. */
  waitsFor: z.string(),
  /** One sentence. */
  text: z.string(),
  /** Of a wait for a time. */
  until: z.iso.datetime().optional(),
  /** Of a wait for a slot: the cap that is reached, and how many of the tenant's jobs come before. */
  obstacle: z.string().optional(),
  cap: z.int().optional(),
  inUse: z.int().optional(),
  ahead: z.int().optional(),
});
export type WaitView = z.infer<typeof WaitView>;

export function waitView(
  { jobId, state }: { readonly jobId: string; readonly state: JobState },
  wait: Wait,
  audience: Audience,
): WaitView {
  return { jobId, state, waitsFor: wait.kind, text: textOf(wait, audience), ...factsOf(wait) };
}

function textOf(wait: Wait, audience: Audience): string {
  if (audience === 'operator') return waitText(wait);
  if (wait.kind === 'platform')
    return `the platform cannot take it now, and is asked again after ${new Date(wait.untilMs).toISOString()}`;
  if (wait.kind === 'slot' && wait.obstacle.kind === 'paused') return 'jobs of this tenant are paused';
  return waitText(wait);
}

function factsOf(wait: Wait): Pick<WaitView, 'until' | 'obstacle' | 'cap' | 'inUse' | 'ahead'> {
  if ('untilMs' in wait) return { until: new Date(wait.untilMs).toISOString() };
  if (wait.kind !== 'slot') return {};
  const { obstacle, ahead } = wait;
  if (obstacle.kind === 'paused') return { obstacle: obstacle.kind, ahead };
  return { obstacle: obstacle.kind, cap: obstacle.cap, inUse: obstacle.inUse, ahead };
}
