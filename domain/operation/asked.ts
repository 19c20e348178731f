/** An operation as it is asked for and read over HTTP and by commands: names and times as in every list, and what they mean. */
import * as z from 'zod';
import { type Problem, problem } from '../errors.ts';
import { GroupId, JOB_ID, JobTypeId, OperationId, TenantId } from '../job/ids.ts';
import { FailureClass } from '../job/job.ts';
import { Delivery } from '../webhook/delivery.ts';
import { EndpointId } from '../webhook/endpoint.ts';
import {
  type FilteredWork,
  type Operation,
  OperationState,
  UnfinishedState,
  type Work,
} from './operation.ts';

const Time = z.iso.datetime({
  offset: true,
  error: 'expected an ISO 8601 time with seconds and a zone',
});

export const OperationKind = z.enum(['redrive', 'cancel', 'replay']);
export type OperationKind = z.infer<typeof OperationKind>;

/** An absent field selects everything. */
export const OperationFilter = z.strictObject({
  tenant: TenantId.optional().describe('Required to cancel and to replay.'),
  since: Time.optional().describe('30 days ago if absent.'),
  until: Time.optional().describe('Now if absent, and at the latest.'),
  type: JobTypeId.optional().describe('Redrive, cancel: the job type.'),
  class: FailureClass.optional().describe('Redrive: of the failure.'),
  code: z.string().max(64).optional().describe('Redrive: the error code.'),
  fingerprint: z.string().max(64).optional().describe('Redrive: of one group of failures.'),
  group: GroupId.optional().describe(
    'Redrive: the members of this group or array that failed; with the tenant.',
  ),
  state: UnfinishedState.optional().describe('Cancel: the state that a job is in when its turn comes.'),
  tags: z
    .record(z.string().max(128), z.string().max(256))
    .optional()
    .describe('Cancel: each with this value.'),
  endpoint: EndpointId.optional().describe('Replay, required: the endpoint.'),
  status: Delivery.shape.status.optional().describe('Replay: of the delivery.'),
  event: z.string().max(64).optional().describe('Replay: the type of the event.'),
  job: z.string().regex(JOB_ID, 'expected a job id').optional().describe('Replay: the job.'),
});
export type OperationFilter = z.infer<typeof OperationFilter>;

const DEFAULT_PER_SECOND = 10;

export const OperationStart = z.strictObject({
  kind: OperationKind.describe('Run failed jobs again, end jobs, or send webhooks again.'),
  filter: OperationFilter,
  perSecond: z.int().min(1).max(25).default(DEFAULT_PER_SECOND),
  max: z.int().min(1).max(1_000_000).optional().describe('At most so many in all.'),
});

export const OperationView = z.object({
  id: OperationId,
  kind: z.enum([...OperationKind.options, 'erase']),
  filter: OperationFilter,
  /** The operator who asked for it. */
  by: z.string(),
  perSecond: z.int(),
  max: z.int().optional(),
  state: OperationState,
  /** How many rows were read. */
  examined: z.int(),
  /** At least so many were acted on. */
  done: z.int(),
  /** How many were found as the operation would have left them. */
  repeated: z.int(),
  refused: z.int(),
  /** How many were refused, by the code of the error. */
  codes: z.record(z.string(), z.int()),
  createdAt: z.iso.datetime(),
  changedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
});

const FIELDS: Readonly<Record<OperationKind, readonly (keyof OperationFilter)[]>> = {
  redrive: ['tenant', 'since', 'until', 'type', 'class', 'code', 'fingerprint', 'group'],
  cancel: ['tenant', 'since', 'until', 'type', 'state', 'tags'],
  replay: ['tenant', 'since', 'until', 'endpoint', 'status', 'event', 'job'],
};
/** Failures and deliveries are kept for so long. */
const LONGEST_MS = 30 * 86_400_000;

export type AskedWork =
  | { readonly kind: 'work'; readonly work: FilteredWork }
  | { readonly kind: 'refused'; readonly problem: Problem };

export function workOf(kind: OperationKind, filter: OperationFilter, nowMs: number): AskedWork {
  const refused = (
    code: 'field_unknown' | 'field_missing' | 'time_range',
    name: string,
    expected: string,
  ) => {
    const pointer = `/filter/${name}`;
    return { kind: 'refused', problem: problem(code, pointer, expected) } as const;
  };
  const known = FIELDS[kind];
  const foreign = Object.keys(filter).find((name) => !known.some((other) => other === name));
  if (foreign !== undefined)
    return refused('field_unknown', foreign, `Expected one of ${known.join(', ')} to ${kind}.`);
  const { tenant: tenantId, type: jobType, since, until, endpoint: endpointId, ...rest } = filter;
  const untilMs = Math.min(until === undefined ? nowMs : Date.parse(until), nowMs);
  const sinceMs = Math.max(since === undefined ? 0 : Date.parse(since), untilMs - LONGEST_MS);
  if (sinceMs > untilMs)
    return refused('time_range', 'since', 'Expected a time before until and before now.');
  const times = { sinceMs, untilMs };
  if (kind === 'redrive' && rest.group !== undefined && tenantId === undefined)
    return refused('field_missing', 'tenant', 'Expected the tenant whose group it is.');
  if (kind === 'redrive') return { kind: 'work', work: { kind, tenantId, jobType, ...rest, ...times } };
  if (tenantId === undefined)
    return refused('field_missing', 'tenant', `Expected the tenant to ${kind} for.`);
  if (kind === 'cancel') {
    const { state, tags } = rest;
    return { kind: 'work', work: { kind, tenantId, jobType, state, tags, ...times } };
  }
  if (endpointId === undefined)
    return refused('field_missing', 'endpoint', 'Expected the endpoint whose deliveries are sent again.');
  const { status, event, job } = rest;
  return { kind: 'work', work: { kind, tenantId, endpointId, status, event, job, ...times } };
}

export function operationView(operation: Operation): z.infer<typeof OperationView> {
  const { operationId: id, work, operator: by, most, createdAt, changedAt, endedAt, ...rest } = operation;
  const { perSecond, state, examined, done, repeated, refused, codes } = rest;
  return {
    id,
    kind: work.kind,
    filter: filterOf(work),
    by,
    perSecond,
    ...(most === undefined ? {} : { max: most }),
    state,
    examined,
    done,
    repeated,
    refused,
    codes,
    createdAt: timeOf(createdAt),
    changedAt: timeOf(changedAt),
    ...(endedAt === undefined ? {} : { endedAt: timeOf(endedAt) }),
  };
}

function filterOf({ kind: _, sinceMs, untilMs, ...work }: Work): OperationFilter {
  const { tenantId: tenant, ...rest } = work;
  const {
    jobType: type,
    endpointId: endpoint,
    unfinished: _asked,
    ...same
  } = {
    jobType: undefined,
    endpointId: undefined,
    unfinished: undefined,
    ...rest,
  };
  return { tenant, type, endpoint, ...same, since: timeOf(sinceMs), until: timeOf(untilMs) };
}

const timeOf = (ms: number): string => new Date(ms).toISOString();
