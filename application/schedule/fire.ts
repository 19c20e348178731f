/**
 * The occurrences of schedules that are due. Their messages are sent first, and then the schedule is written: a process that
 * dies in between, or two runs at once, send the same messages again, and the key of an occurrence makes them one job.
 * @see docs/developing/protocol.md, 2.11
 */
import { isFinal } from '../../domain/job/job.ts';
import { type Firing, type LastJob, planFiring } from '../../domain/schedule/firing.ts';
import { boundedCalendar, type Schedule, type ScheduleName } from '../../domain/schedule/schedule.ts';
import type { Outgoing, Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { ScheduleStore } from '../../io/table/schedules.ts';
import { apart, sendApart } from '../apart.ts';
import { jobIdOf } from '../job/identity.ts';
import type { Enqueued } from '../repair/due-deliveries.ts';

export interface FirePorts {
  readonly schedules: Pick<ScheduleStore, 'get' | 'replace'>;
  readonly jobs: Pick<JobStore, 'get'>;
  readonly frontQueue: Queue;
  readonly clock: Clock;
  readonly log: Log;
}

/** What is sent, and the record that is written then. */
export interface Planned {
  readonly seen: Schedule;
  readonly firing: Firing;
}

/**
 * @param byMs occurrences up to here are due, a little ahead of now; their messages have the delay that is left
 * @returns how many schedules were worked on, those that had nothing due, and those that could not be read, sent or written
 */
export async function fireDueSchedules<Item extends { readonly schedule: ScheduleName }>(
  ports: FirePorts,
  items: readonly Item[],
  byMs: number,
): Promise<Enqueued<Item>> {
  const read = await apart(items, async ({ schedule }) => {
    const seen = await ports.schedules.get(schedule);
    return seen && planOf(ports, seen, byMs);
  });
  const planned = read.done.flatMap(({ item, result }) =>
    result === undefined ? [] : [{ item, plan: result }],
  );
  const unsent = await sendApart(planned, ({ plan }) => messagesOf(plan), ports.frontQueue.send);
  const written = await apart(
    planned.filter((each) => !unsent.has(each)),
    ({ plan: { seen, firing } }) => ports.schedules.replace(seen, firing.next),
  );
  return {
    count: written.done.filter(({ result }) => result === 'written').length,
    idle: read.done.flatMap(({ item, result }) => (result === undefined ? [item] : [])),
    failed: [
      ...read.failed,
      ...[...unsent].map(([{ item }, error]) => ({ item, error })),
      ...written.failed.map(({ item: { item }, error }) => ({ item, error })),
    ],
  };
}

/** @returns undefined when nothing is due, whatever the index said */
export async function planOf(
  ports: Pick<FirePorts, 'jobs' | 'clock'>,
  seen: Schedule,
  byMs: number,
): Promise<Planned | undefined> {
  const calendar = boundedCalendar(seen);
  // Node's copy of the database of time zones may have lost one; an operator finds the schedule among what fails.
  if ('code' in calendar) throw new Error(`${calendar.code} at ${calendar.pointer}`);
  const lastJob = await lastJobOf(ports, seen);
  const firing = planFiring(seen, { nowMs: ports.clock.nowMs(), byMs, calendar, lastJob, jobIdOf });
  return firing && { seen, firing };
}

/** Two policies ask for it, and the others cost no read. */
async function lastJobOf({ jobs }: Pick<FirePorts, 'jobs'>, { overlap, last }: Schedule): Promise<LastJob> {
  if (last === undefined || overlap === 'allow' || overlap === 'queue') return undefined;
  const job = await jobs.get(last.jobId);
  return job && { isFinal: isFinal(job.state) };
}

export function messagesOf({ seen: { tenantId }, firing }: Planned): Outgoing[] {
  const { runs, replaces } = firing;
  const cancel = replaces === undefined ? [] : [{ body: JSON.stringify(replaces), groupId: tenantId }];
  const jobs = runs.map(({ body, delayMs }) => ({ body, groupId: tenantId, delaySeconds: delayMs / 1000 }));
  return [...cancel, ...jobs];
}
