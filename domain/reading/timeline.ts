/**
 * What happened to a job, merged by time. The record keeps attempts with their times and the state that the job is in now; the
 * states between are not kept, so a timeline has no entry for them.
 */
import * as z from 'zod';
import { nameOfGroup } from '../dependency/dependency.ts';
import { APART, isFinal, type JobRecord } from '../job/job.ts';
import { type Audience, FailureView, failureView } from './job-view.ts';

export const TimelineEntry = z.object({
  at: z.iso.datetime(),
  /** What happened, such as `accepted`, `attempt.ended` or `delivery`. Later versions may know more. */
  kind: z.string(),
  /** One sentence. */
  text: z.string(),
  attempt: z.int().positive().optional(),
  failure: FailureView.optional(),
  endpointId: z.string().optional(),
  event: z.string().optional(),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

/** A webhook about the job, as far as a timeline tells of it. */
export interface DeliveredEvent {
  readonly endpointId: string;
  readonly eventType: string;
  readonly status: string;
  readonly tries: number;
  /** When the event happened, epoch ms. */
  readonly eventAtMs: number;
  readonly lastTryAtMs?: number | undefined;
  readonly answer?: string | undefined;
}

interface Timed extends Omit<TimelineEntry, 'at'> {
  readonly atMs: number;
}

/** The oldest entry first; entries of one moment in the order in which a job passes through them. */
export function timelineOf(
  job: JobRecord,
  deliveries: readonly DeliveredEvent[],
  audience: Audience,
): TimelineEntry[] {
  const entries = [
    ...beginningOf(job),
    ...attemptsOf(job, audience),
    ...presentOf(job, audience),
    ...deliveries.map(deliveryEntry),
  ];
  return entries
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ atMs, ...entry }) => ({ at: new Date(atMs).toISOString(), ...entry }));
}

function beginningOf(job: JobRecord): Timed[] {
  const { createdAt, eligibleAt, parent, jobType } = job;
  const again = parent === undefined ? '' : `, to run ${parent} again`;
  const text = `accepted as a job of ${jobType}${again}${othersText(job)}`;
  const accepted = { atMs: createdAt, kind: 'accepted', text };
  if (eligibleAt === undefined || eligibleAt <= createdAt) return [accepted];
  return [accepted, { atMs: eligibleAt, kind: 'eligible', text: 'the time before which it was not to run' }];
}

const MOST_NAMES = 3;

function othersText({ dependsOn }: JobRecord): string {
  if (dependsOn === undefined) return '';
  if (dependsOn === APART) return ', to begin after others';
  const names = dependsOn.map(
    ({ jobId, idempotencyKey, group }) =>
      jobId ?? idempotencyKey ?? (group === undefined ? '' : nameOfGroup(group)),
  );
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return `, to begin after ${names.slice(0, MOST_NAMES).join(', ')}${more}`;
}

function attemptsOf(job: JobRecord, audience: Audience): Timed[] {
  const ended = job.endedAttempts.flatMap(({ attempt, startedAt, endedAt, failure }): Timed[] => [
    ...startOf(attempt, startedAt),
    failure === undefined
      ? { atMs: endedAt, kind: 'attempt.ended', attempt, text: `attempt ${attempt} ended well` }
      : {
          atMs: endedAt,
          kind: 'attempt.ended',
          attempt,
          text: `attempt ${attempt} failed: ${failure.code}`,
          failure: failureView(failure, audience),
        },
  ]);
  const isOver = job.endedAttempts.some(({ attempt }) => attempt === job.attempt);
  return isOver ? ended : [...ended, ...startOf(job.attempt, job.startedAt)];
}

function startOf(attempt: number, startedAt: number | undefined): Timed[] {
  if (startedAt === undefined) return [];
  return [{ atMs: startedAt, kind: 'attempt.started', attempt, text: `attempt ${attempt} began to run` }];
}

function presentOf(job: JobRecord, audience: Audience): Timed[] {
  const { state, stateAt, progress, redrivenAs, discarded, createdAt } = job;
  const entries: Timed[] = [];
  if (progress !== undefined) {
    const of = progress.total === undefined ? '' : ` of ${progress.total}`;
    entries.push({ atMs: progress.at, kind: 'progress', text: `last progress: ${progress.done}${of}` });
  }
  if (stateAt > createdAt || isFinal(state))
    entries.push({
      atMs: stateAt,
      kind: `state.${state}`,
      text: stateText(job),
      ...((state === 'failed' || state === 'cancelled') && job.failure !== undefined
        ? { failure: failureView(job.failure, audience) }
        : {}),
    });
  if (redrivenAs !== undefined)
    entries.push({ atMs: stateAt, kind: 'redriven', text: `run again as ${redrivenAs}` });
  if (discarded !== undefined)
    entries.push({ atMs: discarded.at, kind: 'discarded', text: 'discarded: it is not to run again' });
  return entries;
}

function stateText({ state, nextAttemptAt, attempt }: JobRecord): string {
  if (state === 'retrying' && nextAttemptAt !== undefined)
    return `attempt ${attempt + 1} is due at ${new Date(nextAttemptAt).toISOString()}`;
  return isFinal(state) ? `ended as ${state}` : `is ${state} since then`;
}

function deliveryEntry(delivery: DeliveredEvent): Timed {
  const { endpointId, eventType, status, tries, answer, eventAtMs, lastTryAtMs = eventAtMs } = delivery;
  const after = tries === 0 ? '' : ` after ${tries} ${tries === 1 ? 'try' : 'tries'}`;
  const said = answer === undefined ? '' : `, last answer ${answer}`;
  return {
    atMs: lastTryAtMs,
    kind: 'delivery',
    endpointId,
    event: eventType,
    text: `webhook ${eventType} to ${endpointId}: ${status}${after}${said}`,
  };
}
