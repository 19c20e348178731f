/** Schedules, for operators. */
import { notFound, type Refused } from '../../application/resources/refused.ts';
import {
  deleteSchedule,
  type Found,
  getSchedule,
  listSchedules,
  nextRuns,
  type PutSchedulePorts,
  pauseSchedule,
  putSchedule,
  resumeSchedule,
  runSchedule,
} from '../../application/schedule/schedules.ts';
import { problem } from '../../domain/errors.ts';
import { readBodyAs } from '../../domain/request/body.ts';
import type { Outcome, Schedule, ScheduleName } from '../../domain/schedule/schedule.ts';
import { scheduleOperations } from '../contract/schedules.ts';
import { type Answer, type Asked, type Handlers, ok } from '../handler.ts';

/** It is part of the idempotency key of a job, beside the name of the schedule. */
const REQUEST = /^[\x21-\x7e]{1,48}$/;
const NEXT = 5;

export function scheduleHandlers(ports: PutSchedulePorts): Handlers<keyof typeof scheduleOperations> {
  const viewed = (schedule: Schedule) => viewOf(schedule, nextRuns(schedule, ports.clock.nowMs(), NEXT));
  const shown = (found: Found | Refused): Answer | Refused =>
    found.kind === 'refused' ? found : ok(viewed(found.schedule));
  return {
    async listSchedules({ query: { tenant } }) {
      return tenant === undefined
        ? notFound
        : ok({ items: (await listSchedules(ports, tenant)).map(viewed) });
    },

    getSchedule: withName(async (name) => shown(await getSchedule(ports, name))),

    putSchedule: withName(async (name, { body }) => {
      const done = await putSchedule(ports, name, body);
      if (done.kind === 'refused') return done;
      const status = done.kind === 'created' ? 201 : 200;
      return { kind: 'answer', status, body: viewed(done.schedule) };
    }),

    deleteSchedule: withName(async (name) => {
      const done = await deleteSchedule(ports, name);
      return done.kind === 'refused' ? done : { kind: 'answer', status: 204 };
    }),

    pauseSchedule: withName(async (name, { body }) => {
      const read = readBodyAs(scheduleOperations.pauseSchedule.body, body);
      return read.kind === 'refused' ? read : shown(await pauseSchedule(ports, name, read.value.reason));
    }),

    resumeSchedule: withName(async (name) => shown(await resumeSchedule(ports, name))),

    runSchedule: withName(async (name, { headers, requestId }) => {
      const request = headers['Idempotency-Key'] ?? requestId;
      if (!REQUEST.test(request)) return keyInvalid;
      const done = await runSchedule(ports, name, request);
      return done.kind === 'refused' ? done : { kind: 'answer', status: 202, body: { jobId: done.jobId } };
    }),
  };
}

const keyInvalid: Refused = {
  kind: 'refused',
  problem: problem(
    'parameter_invalid',
    '/Idempotency-Key',
    'Expected 1 to 48 printable ASCII characters without spaces.',
  ),
};

/** The use case checks the id; the tenant was checked with the query. */
function withName(use: (name: ScheduleName, asked: Asked) => Promise<Answer | Refused>) {
  return async (asked: Asked): Promise<Answer | Refused> => {
    const { tenant: tenantId } = asked.query;
    const { scheduleId = '' } = asked.path;
    return tenantId === undefined ? notFound : use({ tenantId, scheduleId }, asked);
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function viewOf(schedule: Schedule, next: readonly number[]) {
  const {
    dueAt: _,
    version: __,
    decidedUntil: ___,
    deletedAt: ____,
    nextAt: _____,
    last: ______,
    ...rest
  } = schedule;
  const { paused, recent, createdAt, changedAt } = schedule;
  return {
    ...rest,
    ...(paused === undefined ? {} : { paused: { ...paused, at: iso(paused.at) } }),
    next: next.map(iso),
    recent: recent.map(outcomeView),
    createdAt: iso(createdAt),
    changedAt: iso(changedAt),
  };
}

function outcomeView(outcome: Outcome) {
  if ('jobId' in outcome) return { at: iso(outcome.at), jobId: outcome.jobId };
  return { at: iso(outcome.at), until: iso(outcome.until), skipped: outcome.skipped };
}
