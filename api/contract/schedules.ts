/** The operations on schedules. */
import * as z from 'zod';
import { TenantId } from '../../domain/job/ids.ts';
import { DefinitionBody } from '../../domain/schedule/definition.ts';
import { Definition } from '../../domain/schedule/schedule.ts';
import { operations, READS_BODY } from './operation.ts';
import { OfTenant } from './parameters.ts';

const Time = z.iso.datetime();

export const ScheduleView = Definition.extend({
  tenantId: TenantId,
  scheduleId: z.string(),
  /** A tenant is not told an operator's reason, and cannot end such a pause. */
  paused: z
    .object({ by: z.enum(['operator', 'tenant']), reason: z.string().optional(), at: Time })
    .optional(),
  /** The soonest first; none while it is paused. */
  next: z.array(Time),
  /** What became of the last occurrences, the oldest first: a job, or why there is none. */
  recent: z.array(
    z.object({
      at: Time,
      jobId: z.string().optional(),
      until: Time.optional(),
      skipped: z.enum(['overlap', 'missed']).optional(),
    }),
  ),
  createdAt: Time,
  changedAt: Time,
});

export const SchedulePage = z.object({ items: z.array(ScheduleView) });

const Pausing = z.strictObject({ reason: z.string().min(1).max(256) });
const toRead = {
  tag: 'schedules',
  access: { kind: 'tenant', scope: 'schedules:read', narrowing: 'closed' },
  query: OfTenant,
} as const;
/** It starts jobs, too: a key needs no `jobs:create` for that. */
const toWrite = { ...toRead, access: { ...toRead.access, scope: 'schedules:write' } } as const;

export const scheduleOperations = operations({
  listSchedules: {
    method: 'get',
    path: '/v1/schedules',
    ...toRead,
    summary: "List a tenant's schedules",
    answers: { 200: { description: 'All of them, by id.', body: SchedulePage } },
    problems: [],
  },
  getSchedule: {
    method: 'get',
    path: '/v1/schedules/{scheduleId}',
    ...toRead,
    summary: 'Read a schedule, its next runs, and what became of the last ones',
    answers: { 200: { description: 'The schedule.', body: ScheduleView } },
    problems: ['not_found'],
  },
  putSchedule: {
    method: 'put',
    path: '/v1/schedules/{scheduleId}',
    ...toWrite,
    summary: 'Make a schedule, or change it from its next occurrence on',
    description:
      'What is due within two minutes is sent as it was before. A repeat changes nothing. The job is checked as a message is, and what is wrong with it has a pointer under `/job`.',
    body: DefinitionBody,
    answers: {
      201: { description: 'It is made.', body: ScheduleView },
      200: { description: 'It says this now.', body: ScheduleView },
    },
    problems: [
      ...READS_BODY,
      'cron_invalid',
      'cron_never',
      'time_zone_unknown',
      'time_range',
      'schedules_quota',
      'field_forbidden',
      'input_ambiguous',
      'input_invalid',
      'input_uri_forbidden',
      'job_type_unknown',
      'job_type_forbidden',
      'priority_too_high',
      'tenant_unknown',
      'tenant_suspended',
      'parameters_too_large',
      'body_too_large',
    ],
  },
  deleteSchedule: {
    method: 'delete',
    path: '/v1/schedules/{scheduleId}',
    ...toWrite,
    summary: 'End a schedule; its jobs stay',
    answers: { 204: { description: 'It is gone.' } },
    problems: ['not_found', 'state_conflict'],
  },
  pauseSchedule: {
    method: 'post',
    path: '/v1/schedules/{scheduleId}/pause',
    ...toWrite,
    summary: 'Let a schedule rest',
    description: 'An occurrence of the next minute may be on its way.',
    body: Pausing,
    answers: { 200: { description: 'It rests.', body: ScheduleView } },
    problems: [...READS_BODY, 'not_found'],
  },
  resumeSchedule: {
    method: 'post',
    path: '/v1/schedules/{scheduleId}/resume',
    ...toWrite,
    summary: 'End the pause of a schedule; what fell into it does not run',
    answers: { 200: { description: 'It runs again.', body: ScheduleView } },
    problems: ['not_found', 'state_conflict'],
  },
  runSchedule: {
    method: 'post',
    path: '/v1/schedules/{scheduleId}/run',
    ...toWrite,
    summary: 'Send one job of a schedule now, also while it is paused',
    headers: ['Idempotency-Key'],
    answers: {
      202: {
        description: 'It is sent. The same Idempotency-Key is the same job.',
        body: z.object({ jobId: z.string() }),
      },
    },
    problems: ['not_found', 'parameter_invalid'],
  },
});
