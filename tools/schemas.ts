/**
 * `npm run docs` writes with this what goes over queues and webhooks, for programs in any language: the messages of the front queue
 * and the events as JSON Schema, and the channels of both as an AsyncAPI document.
 */
import * as z from 'zod';
import {
  ArrayRequest,
  CancelRequest,
  GroupCancelRequest,
  GroupSealRequest,
  JobRequest,
} from '../domain/request/request.ts';
import {
  BudgetEvent,
  EndpointEvent,
  GroupEvent,
  LifecycleEvent,
  RejectedEvent,
  WEBHOOK_EVENTS,
} from '../domain/webhook/notification.ts';

type Json = Readonly<Record<string, unknown>>;

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

function asSchema(schema: z.ZodType, io: 'input' | 'output' = 'input'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
  });
  return rest;
}

const textOf = (document: Json): string => `${JSON.stringify(document, undefined, 2)}\n`;

export function messageSchemaText(): string {
  return textOf({
    $schema: DIALECT,
    title: 'A message of the front queue',
    description:
      'A job, an array of jobs, or the end of a job; or the seal or the end of a group. Of a job exactly one of input and inputRef, and at most one of runAt and delaySeconds, is given; tags are at most 10, and metadata has at most 4,096 bytes.',
    examples: [
      {
        specVersion: '1',
        tenantId: 'acme',
        jobType: 'csv.summarise',
        idempotencyKey: 'report-42',
        input: { csv: 's3://jobs/tenants/acme/inputs/sales.csv' },
      },
      { specVersion: '1', action: 'job.cancel', tenantId: 'acme', idempotencyKey: 'report-42' },
      { specVersion: '1', action: 'group.seal', tenantId: 'acme', group: 'night', expect: 3 },
      { specVersion: '1', action: 'group.cancel', tenantId: 'acme', group: 'night' },
    ],
    anyOf: [JobRequest, ArrayRequest, CancelRequest, GroupSealRequest, GroupCancelRequest].map((each) =>
      asSchema(each),
    ),
  });
}

/** What a webhook tells of a job: all of the event but what is for operators. */
const JobWebhook = LifecycleEvent.extend({ data: LifecycleEvent.shape.data.omit({ runId: true }) });

/** The body of a webhook, in the form `standard`, by the name of its event. */
export function webhookSchemas(): Readonly<Record<(typeof WEBHOOK_EVENTS)[number], z.ZodObject>> {
  const ofJob = <Type extends z.infer<typeof LifecycleEvent>['type']>(type: Type) =>
    JobWebhook.extend({ type: z.literal(type) });
  return {
    'job.accepted': ofJob('job.accepted'),
    'job.running': ofJob('job.running'),
    'job.progress': ofJob('job.progress'),
    'job.retrying': ofJob('job.retrying'),
    'job.succeeded': ofJob('job.succeeded'),
    'job.failed': ofJob('job.failed'),
    'job.cancelled': ofJob('job.cancelled'),
    'job.expired': ofJob('job.expired'),
    'job.rejected': RejectedEvent,
    'group.finished': GroupEvent,
    'tenant.budget': BudgetEvent.extend({
      data: BudgetEvent.shape.data.omit({ usd: true, usdPerMonth: true }),
    }),
    'endpoint.disabled': EndpointEvent.extend({ type: z.literal('endpoint.disabled') }),
    'endpoint.ping': EndpointEvent.extend({ type: z.literal('endpoint.ping') }),
  };
}

const JOB = {
  jobId: 'job_iyo7igbjfxjtsc7pv4jicmbuxi',
  tenantId: 'acme',
  jobType: 'csv.summarise',
  idempotencyKey: 'report-42',
  sequence: 5,
  attempt: 1,
  createdAt: '2026-01-05T09:00:00.000Z',
};
const STARTED = { startedAt: '2026-01-05T09:00:04.100Z' };
const ENDED = { ...STARTED, finishedAt: '2026-01-05T09:01:06.000Z' };
const FAILURE = { class: 'app_error', code: 'exit_code', message: 'The program failed.', exitCode: 1 };
const OF_ENDPOINT = { endpointId: 'whe_7c1d2e3f4a5b6c7d', tenantId: 'acme', sequence: 1767603600000 };

/** The data of one event of each kind. */
const EXAMPLES: Readonly<Record<(typeof WEBHOOK_EVENTS)[number], Json>> = {
  'job.accepted': { ...JOB, status: 'waiting', sequence: 1 },
  'job.running': { ...JOB, ...STARTED, status: 'running', sequence: 4 },
  'job.progress': { ...JOB, ...STARTED, status: 'running', progress: { done: 3, total: 9 } },
  'job.retrying': {
    ...JOB,
    ...STARTED,
    status: 'retrying',
    nextAttemptAt: '2026-01-05T09:01:36.000Z',
    failure: FAILURE,
  },
  'job.succeeded': {
    ...JOB,
    ...ENDED,
    status: 'succeeded',
    result: { inline: { rows: 2 } },
    metadata: { userId: 'u_1' },
  },
  'job.failed': { ...JOB, ...ENDED, status: 'failed', failure: FAILURE },
  'job.cancelled': { ...JOB, finishedAt: ENDED.finishedAt, status: 'cancelled' },
  'job.expired': { ...JOB, finishedAt: ENDED.finishedAt, status: 'expired' },
  'job.rejected': {
    messageId: 'ee199ffa-8f2a-4de7-b997-5d5b8ed2a7b7',
    tenantId: 'acme',
    jobType: 'csv.summarise',
    idempotencyKey: 'report-42',
    sequence: 1,
    code: 'field_unknown',
    pointer: '/prioirty',
    message: 'The message schema has no such field. Did you mean priority?',
  },
  'group.finished': {
    group: 'night',
    tenantId: 'acme',
    sequence: 1,
    status: 'failed',
    members: { succeeded: 2, failed: 1, cancelled: 0, expired: 0, missing: 0 },
    createdAt: JOB.createdAt,
    finishedAt: ENDED.finishedAt,
  },
  'tenant.budget': {
    tenantId: 'acme',
    sequence: 1,
    month: '2026-01',
    standing: 'warned',
    action: 'hold',
    until: '2026-02-01T00:00:00.000Z',
  },
  'endpoint.disabled': { ...OF_ENDPOINT, reason: 'gone' },
  'endpoint.ping': { ...OF_ENDPOINT, pingId: 'ping_1' },
};

export const exampleOf = (type: (typeof WEBHOOK_EVENTS)[number]): Json => ({
  type,
  timestamp: ENDED.finishedAt,
  data: EXAMPLES[type],
});

export function eventSchemasText(): string {
  const schemas = webhookSchemas();
  return textOf({
    $schema: DIALECT,
    title: 'An event of a webhook',
    description:
      'The body of a webhook in the form standard, and the data of an event on the bus, which may tell operators more. Receivers ignore fields and events that they do not know.',
    anyOf: WEBHOOK_EVENTS.map((type) => ({ $ref: `#/$defs/${type}` })),
    $defs: Object.fromEntries(
      WEBHOOK_EVENTS.map((type) => [
        type,
        { ...opened(asSchema(schemas[type], 'output')), examples: [exampleOf(type)] },
      ]),
    ),
  });
}

/**
 * What clients are given may have further fields and values in a later version: a client generated from a document must
 * not refuse them.
 */
export function opened(schema: unknown): Json {
  const walk = (node: unknown): unknown => {
    if (Array.isArray(node)) return node.map(walk);
    if (typeof node !== 'object' || node === null) return node;
    const {
      additionalProperties,
      enum: values,
      ...rest
    } = { additionalProperties: undefined, enum: undefined, ...node };
    const fields = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, walk(value)]));
    return {
      ...fields,
      ...(typeof additionalProperties === 'object'
        ? { additionalProperties: walk(additionalProperties) }
        : {}),
      ...(values === undefined ? {} : { 'x-known-values': values }),
    };
  };
  return walk(schema) as Json; // an object stays one
}

/** @see https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
export function asyncApiText(): string {
  const messageOf = (type: string) => type.replace('.', '-');
  return textOf({
    asyncapi: '3.0.0',
    info: {
      title: 'Headgate',
      version: '1',
      description: 'What services send to the front queue, and what the endpoints of their tenants are sent.',
    },
    defaultContentType: 'application/json',
    channels: {
      front: {
        address: 'headgate-{stage}-front',
        description: 'A queue of SQS. The message group is the tenant.',
        parameters: { stage: { description: 'Of the stack, such as dev.' } },
        messages: { request: { payload: { $ref: './message.schema.json' } } },
      },
      webhooks: {
        // The tenant's own, so it has none here.
        address: null,
        description: 'POST to an endpoint of the tenant, signed by Standard Webhooks 1.0.',
        messages: Object.fromEntries(
          WEBHOOK_EVENTS.map((type) => [
            messageOf(type),
            { name: type, payload: { $ref: `./events.schema.json#/$defs/${type}` } },
          ]),
        ),
      },
    },
    operations: {
      takeRequests: { action: 'receive', channel: { $ref: '#/channels/front' } },
      sendWebhooks: { action: 'send', channel: { $ref: '#/channels/webhooks' } },
    },
  });
}
