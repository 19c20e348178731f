/** The schedules of one tenant, as their owner reads and changes them. Each use case may be repeated. */
import type { Problem } from '../../domain/errors.ts';
import { problem } from '../../domain/errors.ts';
import { Fault } from '../../domain/fault.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import { admit } from '../../domain/request/admission.ts';
import { isSameDefinition, parseDefinition, withinJob } from '../../domain/schedule/definition.ts';
import { bodyOf } from '../../domain/schedule/firing.ts';
import {
  advanced,
  boundedCalendar,
  type Definition,
  isKeptFrom,
  MAX_SCHEDULES,
  occurrencesAfter,
  type Pause,
  paused,
  resumed,
  type Schedule,
  ScheduleId,
  type ScheduleName,
} from '../../domain/schedule/schedule.ts';
import { policyOf, type TenantDefaults } from '../../domain/tenant/policy.ts';
import type { ScheduleStore } from '../../io/table/schedules.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { jobIdOf } from '../job/identity.ts';
import { notFound, type Refused, stateConflict } from '../resources/refused.ts';
import { type FirePorts, messagesOf, planOf } from './fire.ts';

export interface ReadSchedulePorts {
  readonly schedules: Pick<ScheduleStore, 'get' | 'list'>;
}

export interface SchedulePorts extends FirePorts {
  readonly schedules: ScheduleStore;
}

export interface PutSchedulePorts extends SchedulePorts {
  readonly tenants: Pick<TenantStore, 'load'>;
  readonly types: JobTypes;
  readonly defaults: TenantDefaults;
  readonly bucket: string;
  readonly objectDays: number;
}

export interface Found {
  readonly kind: 'schedule';
  readonly schedule: Schedule;
}

export function listSchedules(
  { schedules }: ReadSchedulePorts,
  tenantId: string,
): Promise<readonly Schedule[]> {
  return schedules.list(tenantId);
}

export async function getSchedule(
  { schedules }: ReadSchedulePorts,
  name: ScheduleName,
): Promise<Found | Refused> {
  if (!ScheduleId.safeParse(name.scheduleId).success) return notFound;
  const schedule = await schedules.get(name);
  return schedule === undefined || schedule.deletedAt !== undefined
    ? notFound
    : { kind: 'schedule', schedule };
}

/** Its next occurrences, the soonest first; none while it is paused. */
export function nextRuns(schedule: Schedule, nowMs: number, count: number): readonly number[] {
  const calendar = boundedCalendar(schedule);
  if ('code' in calendar || schedule.paused !== undefined) return [];
  return occurrencesAfter(calendar, Math.max(schedule.decidedUntil, nowMs), count);
}

export type PutSchedule =
  | { readonly kind: 'created' | 'changed' | 'unchanged'; readonly schedule: Schedule }
  | Refused;

/** Reconcile may have sent occurrences up to a minute ahead, by a clock that is not ours. */
const SENT_AHEAD_MS = 120_000;
/** This many lost writes in a row are a fault of ours; the caller may ask again. */
const MAX_WRITES = 8;

/**
 * Makes a schedule, or changes it from its next occurrence on: what is due by then is sent as it was, since a run of reconcile
 * may have sent it already, and another body under its key would be a conflict.
 *
 * @param body JSON, as in docs/using/schedules.md
 */
export async function putSchedule(
  ports: PutSchedulePorts,
  name: ScheduleName,
  body: string,
): Promise<PutSchedule> {
  if (!ScheduleId.safeParse(name.scheduleId).success) return refused(badId);
  const parsed = parseDefinition(body, name.tenantId, ports.clock.nowMs());
  if (parsed.kind === 'refused') return parsed;
  const { definition, request } = parsed;
  const { bucket, objectDays, types, defaults } = ports;
  const tenant = (await ports.tenants.load([name.tenantId])).get(name.tenantId);
  const policy = policyOf(tenant, defaults);
  const nowMs = ports.clock.nowMs();
  const admission = admit(request, { policy, waiting: 0, types, bucket, objectDays, nowMs });
  if (admission.kind === 'refused') return refused(withinJob(admission.problem));
  for (let writes = 0; writes < MAX_WRITES; writes++) {
    const done = await putOnce(ports, name, definition);
    if (done !== 'lost') return done;
  }
  throw contended(name);
}

async function putOnce(
  ports: PutSchedulePorts,
  name: ScheduleName,
  definition: Definition,
): Promise<PutSchedule | 'lost'> {
  const nowMs = ports.clock.nowMs();
  const seen = await ports.schedules.get(name);
  const isLive = seen !== undefined && seen.deletedAt === undefined;
  if (isLive && isSameDefinition(seen, definition)) return { kind: 'unchanged', schedule: seen };
  if (!isLive && (await ports.schedules.list(name.tenantId)).length >= MAX_SCHEDULES) return refused(tooMany);
  const before = isLive ? await flushed(ports, seen) : seen;
  const next = defined(name, definition, before, nowMs);
  if (seen === undefined)
    return (await ports.schedules.create(next)) === 'written' ? { kind: 'created', schedule: next } : 'lost';
  const schedule = { ...next, version: seen.version + 1 };
  if ((await ports.schedules.replace(seen, schedule)) === 'lost') return 'lost';
  return { kind: isLive ? 'changed' : 'created', schedule };
}

/** Sends what is due by the old definition. @returns the record as it is then, not written */
async function flushed(ports: SchedulePorts, seen: Schedule): Promise<Schedule> {
  // What was sent just before the pause is under way, and what was not is not wanted.
  if (seen.paused !== undefined)
    return {
      ...seen,
      decidedUntil: Math.max(seen.decidedUntil, lastSentAhead(seen, ports.clock.nowMs())),
    };
  const plan = await planOf(ports, seen, ports.clock.nowMs() + SENT_AHEAD_MS);
  if (plan === undefined) return seen;
  await ports.frontQueue.send(messagesOf(plan));
  return plan.firing.next;
}

function defined(
  name: ScheduleName,
  definition: Definition,
  before: Schedule | undefined,
  nowMs: number,
): Schedule {
  const { paused: pause, last, recent = [], createdAt = nowMs, decidedUntil = 0, deletedAt } = before ?? {};
  const made: Schedule = {
    ...definition,
    ...name,
    version: before?.version ?? 0,
    ...(pause === undefined || deletedAt !== undefined ? {} : { paused: pause }),
    ...(last === undefined ? {} : { last }),
    recent,
    decidedUntil: Math.max(decidedUntil, nowMs),
    createdAt: deletedAt === undefined ? createdAt : nowMs,
    changedAt: nowMs,
  };
  const calendar = boundedCalendar(definition);
  // The definition has been checked.
  if ('code' in calendar) throw new Error(calendar.code);
  return advanced(made, calendar, nowMs);
}

/** An occurrence of the next minute may be on its way. Running jobs go on. */
export function pauseSchedule(
  ports: SchedulePorts,
  name: ScheduleName,
  pause: Pause,
): Promise<Found | Refused> {
  return change(ports, name, (schedule) => paused(schedule, pause, ports.clock.nowMs()));
}

/** Occurrences of the pause do not run. */
export function resumeSchedule(
  ports: SchedulePorts,
  name: ScheduleName,
  by: Pause['by'],
): Promise<Found | Refused> {
  return change(ports, name, (schedule) => {
    if (isKeptFrom(by, schedule)) return pausedByOperator;
    const calendar = boundedCalendar(schedule);
    return 'code' in calendar ? undefined : resumed(schedule, calendar, ports.clock.nowMs());
  });
}

/** Its jobs stay. A repeat finds none, as if there had never been one. */
export function deleteSchedule(
  ports: SchedulePorts,
  name: ScheduleName,
  by: Pause['by'],
): Promise<Found | Refused> {
  return change(ports, name, (schedule) => {
    if (isKeptFrom(by, schedule)) return pausedByOperator;
    const { nextAt: _, dueAt: __, ...rest } = schedule;
    const nowMs = ports.clock.nowMs();
    return {
      ...rest,
      version: schedule.version + 1,
      deletedAt: nowMs,
      decidedUntil: Math.max(schedule.decidedUntil, lastSentAhead(schedule, nowMs)),
    };
  });
}

/** The last occurrence that reconcile may have sent. */
function lastSentAhead(schedule: Schedule, nowMs: number): number {
  const calendar = boundedCalendar(schedule);
  if ('code' in calendar) return nowMs;
  const sent = occurrencesAfter(calendar, nowMs, 3).filter((at) => at <= nowMs + SENT_AHEAD_MS);
  return sent.at(-1) ?? nowMs;
}

async function change(
  ports: SchedulePorts,
  name: ScheduleName,
  decide: (schedule: Schedule) => Schedule | Refused | undefined,
): Promise<Found | Refused> {
  for (let writes = 0; writes < MAX_WRITES; writes++) {
    const found = await getSchedule(ports, name);
    if (found.kind === 'refused') return found;
    const next = decide(found.schedule);
    if (next === undefined) return found;
    if ('kind' in next) return next;
    if ((await ports.schedules.replace(found.schedule, next)) === 'written')
      return { kind: 'schedule', schedule: next };
  }
  throw contended(name);
}

export type Ran = { readonly kind: 'sent'; readonly jobId: string } | Refused;

/**
 * One job more, now, also while the schedule is paused. The schedule itself goes on as it was.
 *
 * @param request names it: a repeat with the same name is the same job
 */
export async function runSchedule(ports: SchedulePorts, name: ScheduleName, request: string): Promise<Ran> {
  const found = await getSchedule(ports, name);
  if (found.kind === 'refused') return found;
  const idempotencyKey = `schedule:${name.scheduleId}:run:${request}`;
  const body = bodyOf(found.schedule, { idempotencyKey });
  await ports.frontQueue.send([{ body, groupId: name.tenantId }]);
  return { kind: 'sent', jobId: jobIdOf(name.tenantId, idempotencyKey) };
}

const pausedByOperator = stateConflict('Expected a schedule that no operator has paused.');
const refused = (problem: Problem): Refused => ({ kind: 'refused', problem });
const badId = problem(
  'field_invalid',
  '/scheduleId',
  'Expected 1 to 64 of a-z, 0-9, dot, dash and underscore, with a letter or digit at each end.',
);
const tooMany = problem('schedules_quota', '', `Expected at most ${MAX_SCHEDULES} schedules for one tenant.`);

function contended({ tenantId, scheduleId }: ScheduleName): Fault {
  const sentence = `The schedule changed ${MAX_WRITES} times while it was being changed`;
  return new Fault('ScheduleContended', sentence, `${tenantId} ${scheduleId}`);
}
