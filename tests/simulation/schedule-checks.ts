/** What must hold of schedules: each occurrence is one job, or is recorded as left out, and no decision is made twice. */
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import { isSameDefinition } from '../../domain/schedule/definition.ts';
import { boundedCalendar, type Outcome, type Schedule } from '../../domain/schedule/schedule.ts';
import type { Message } from '../../io/aws/lambda.ts';
import type { Run } from './faults.ts';
import type { OnDecided } from './schedules.ts';
import type { Process } from './world.ts';

export interface ScheduleChecks {
  readonly onWrite: OnDecided;
  audit(letters: readonly Message[]): void;
}

interface Facts {
  job(jobId: string): JobRecord | undefined;
  /** Whether intake has taken a cancel of this job. */
  asked(job: JobRecord): boolean;
}

/** An occurrence that is older was missed; with the clocks of processes, and calls that are carried out late. */
const ON_TIME_MS = 120_000;
const SLACK_MS = 1000;
/** Of more that are decided at once the record has the newest outcomes alone. */
const NEWEST = 8;

type Sent = Extract<Outcome, { readonly jobId: string }>;
type Skipped = Exclude<Outcome, Sent>;
const isSent = (outcome: Outcome): outcome is Sent => 'jobId' in outcome;

export function scheduleChecks(run: Run, facts: Facts): ScheduleChecks {
  const sent = new Map<string, { readonly schedule: Schedule; readonly at: number }>();
  const latest = new Map<string, Schedule>();
  const replaced: string[] = [];

  function newOutcomes(before: Schedule | undefined, after: Schedule): Outcome[] {
    const known = new Set((before?.recent ?? []).map((outcome) => JSON.stringify(outcome)));
    return after.recent.filter((outcome) => !known.has(JSON.stringify(outcome)));
  }

  return {
    onWrite(process, before, after) {
      const violated = (rule: string, detail: string) =>
        run.violate(rule, `${process.name} wrote ${after.scheduleId} version ${after.version}: ${detail}`);
      latest.set(`${after.tenantId} ${after.scheduleId}`, after);
      const outcomes = newOutcomes(before, after);
      for (const outcome of outcomes.filter(isSent)) {
        if (sent.has(outcome.jobId)) violated('F3', `decided ${iso(outcome.at)} a second time`);
        sent.set(outcome.jobId, { schedule: before ?? after, at: outcome.at });
      }
      if (before === undefined) return;
      run.count(`schedule ${after.deletedAt !== undefined ? 'deleted' : 'written'}`);
      if (after.version !== before.version + 1) violated('R8', `version ${before.version} was before`);
      if (after.decidedUntil < before.decidedUntil) violated('F3', 'decided occurrences are open again');
      if (process.role === 'tick' && !isSameDefinition(before, after))
        violated('F3', 'a run of tick changed what the schedule says');
      for (const [rule, detail] of [
        ...leftOut(before, after, outcomes),
        ...caughtUp(before, outcomes, process, run),
        ...overlapped(before, outcomes, process),
      ])
        violated(rule, detail);
    },

    audit(letters) {
      for (const [jobId, { at }] of sent)
        if (facts.job(jobId) === undefined)
          run.violate('F2', `${iso(at)} was sent, and there is no job ${jobId}`, jobId);
      for (const schedule of latest.values()) {
        const open = schedule.paused === undefined && schedule.deletedAt === undefined;
        if (open && calendarOf(schedule).next(schedule.decidedUntil) !== undefined)
          run.violate(
            'F1',
            `occurrences of ${schedule.scheduleId} after ${iso(schedule.decidedUntil)} never came`,
          );
      }
      for (const { attributes, body } of letters)
        if (attributes['code'] === 'idempotency_conflict' && body.includes('"schedule:'))
          run.violate('F3', `an occurrence was sent with another body: ${body}`);
      for (const jobId of replaced) {
        const job = facts.job(jobId);
        if (job !== undefined && !facts.asked(job)) run.violate('F1', `${jobId} was not replaced`, jobId);
      }
    },
  };

  /** Each occurrence up to the decision is sent, or recorded as left out. */
  function* leftOut(before: Schedule, after: Schedule, outcomes: readonly Outcome[]) {
    if (before.paused !== undefined || before.deletedAt !== undefined || after.deletedAt !== undefined)
      return;
    const { next } = calendarOf(before);
    const due: number[] = [];
    for (let at = next(before.decidedUntil); at !== undefined && at <= after.decidedUntil; at = next(at))
      due.push(at);
    for (const at of due.slice(-NEWEST)) {
      const isThere = outcomes.some((outcome) =>
        isSent(outcome) ? outcome.at === at : outcome.at <= at && at <= outcome.until,
      );
      if (!isThere) yield ['F1', `${iso(at)} is neither sent nor left out`] as const;
    }
  }

  function* caughtUp(before: Schedule, outcomes: readonly Outcome[], process: Process, { world }: Run) {
    const nowMs = world.nowMs();
    const missed = outcomes.filter(
      (outcome): outcome is Skipped => !isSent(outcome) && outcome.skipped === 'missed',
    );
    const late = outcomes
      .filter(isSent)
      .filter(({ at }) => at <= process.startedAtMs - 20 * 60_000 - ON_TIME_MS - SLACK_MS);
    if (missed.length > 0) run.count('occurrence missed');
    if (outcomes.some((one) => !isSent(one) && one.skipped === 'overlap')) run.count('occurrence overlapped');
    if (late.length > 0) run.count('occurrence caught up');
    if (before.catchUp === 'all' && missed.length > 0)
      yield ['F1', 'an occurrence was missed under "all"'] as const;
    if (before.catchUp === 'none' && late.length > 0)
      yield ['F1', 'a missed occurrence runs under "none"'] as const;
    if (before.catchUp === 'latest' && late.length > 1)
      yield ['F1', `${late.length} missed occurrences run under "latest" at ${iso(nowMs)}`] as const;
    if (
      before.catchUp === 'latest' &&
      late.length === 0 &&
      outcomes.length > 0 &&
      outcomes.every((one) => !isSent(one) && one.skipped === 'missed')
    )
      yield ['F1', 'the latest of the missed occurrences does not run'] as const;
  }

  function* overlapped({ overlap, last }: Schedule, outcomes: readonly Outcome[], process: Process) {
    const runs = outcomes.filter(isSent);
    const job = last === undefined ? undefined : facts.job(last.jobId);
    if (runs.length === 0 || job === undefined || isFinal(job.state)) return;
    // One that was recorded while this process ran may not have been there when it read.
    if (job.createdAt > process.startedAtMs - SLACK_MS) return;
    if (overlap === 'replace') replaced.push(job.jobId);
    if (overlap === 'skip') yield ['F1', `${job.jobId} is ${job.state}, and the next one runs`] as const;
  }
}

function calendarOf(schedule: Schedule) {
  const calendar = boundedCalendar(schedule);
  if ('code' in calendar) throw new Error(calendar.message);
  return calendar;
}

const iso = (ms: number): string => new Date(ms).toISOString();
