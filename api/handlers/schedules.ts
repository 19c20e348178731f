/** Schedules, for tenants and operators. */
import type { Refused } from '../../application/resources/refused.ts';
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
import type { Audience } from '../../domain/reading/job-view.ts';
import { readBodyAs } from '../../domain/request/body.ts';
import type { Outcome, Schedule, ScheduleName } from '../../domain/schedule/schedule.ts';
import { scheduleOperations } from '../contract/schedules.ts';
import { type Answer, type Asked, type Handlers, ok } from '../handler.ts';
import { tenantMissing } from './parameters.ts';

/** It is part of the idempotency key of a job, beside the name of the schedule. */
const REQUEST = /^[\x21-\x7e]{1,48}$/;
const NEXT = 5;

export function scheduleHandlers(ports: PutSchedulePorts): Handlers<keyof typeof scheduleOperations> {
  const viewed = (schedule: Schedule, audience: Audience) =>
    viewOf(schedule, nextRuns(schedule, ports.clock.nowMs(), NEXT), audience);
  const shown = (found: Found | Refused, { caller: { audience } }: Asked): Answer | Refused =>
    found.kind === 'refused' ? found : ok(viewed(found.schedule, audience));
  return {
    async listSchedules({ mine: { tenantId }, caller: { audience } }) {
      if (tenantId === undefined) return tenantMissing;
      const found = await listSchedules(ports, tenantId);
      return ok({ items: found.map((schedule) => viewed(schedule, audience)) });
    },

    getSchedule: withName(async (name, asked) => shown(await getSchedule(ports, name), asked)),

    putSchedule: withName(async (name, { body, caller: { audience } }) => {
      const done = await putSchedule(ports, name, body);
      if (done.kind === 'refused') return done;
      const status = done.kind === 'created' ? 201 : 200;
      return { kind: 'answer', status, body: viewed(done.schedule, audience) };
    }),

    deleteSchedule: withName(async (name, { caller: { audience } }) => {
      const done = await deleteSchedule(ports, name, audience);
      return done.kind === 'refused' ? done : { kind: 'answer', status: 204 };
    }),

    pauseSchedule: withName(async (name, asked) => {
      const read = readBodyAs(scheduleOperations.pauseSchedule.body, asked.body);
      if (read.kind === 'refused') return read;
      const { audience: by } = asked.caller;
      return shown(await pauseSchedule(ports, name, { reason: read.value.reason, by }), asked);
    }),

    resumeSchedule: withName(async (name, asked) =>
      shown(await resumeSchedule(ports, name, asked.caller.audience), asked),
    ),

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

/** The use case checks the id. */
function withName(use: (name: ScheduleName, asked: Asked) => Promise<Answer | Refused>) {
  return async (asked: Asked): Promise<Answer | Refused> => {
    const { tenantId } = asked.mine;
    const { scheduleId = '' } = asked.path;
    return tenantId === undefined ? tenantMissing : use({ tenantId, scheduleId }, asked);
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function viewOf(schedule: Schedule, next: readonly number[], audience: Audience) {
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
    ...(paused === undefined ? {} : { paused: pauseView(paused, audience) }),
    next: next.map(iso),
    recent: recent.map(outcomeView),
    createdAt: iso(createdAt),
    changedAt: iso(changedAt),
  };
}

function pauseView({ reason, at, by }: NonNullable<Schedule['paused']>, audience: Audience) {
  const isHidden = by === undefined && audience === 'tenant';
  return { by: by ?? ('operator' as const), at: iso(at), ...(isHidden ? {} : { reason }) };
}

function outcomeView(outcome: Outcome) {
  if ('jobId' in outcome) return { at: iso(outcome.at), jobId: outcome.jobId };
  return { at: iso(outcome.at), until: iso(outcome.until), skipped: outcome.skipped };
}
