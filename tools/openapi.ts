/** `npm run docs` writes docs/openapi.json with this: the contract of the API as an OpenAPI 3.1 document. */
import * as z from 'zod';
import { operationIds, operationOf } from '../api/contract/contract.ts';
import {
  DeliveryPage,
  EndpointChange,
  EndpointCreation,
  EndpointPage,
  EndpointSecrets,
} from '../api/contract/endpoints.ts';
import { FailureGroupPage, FailurePage } from '../api/contract/failed-jobs.ts';
import { ArraySubmission, CreatedArray, GroupPage, GroupSeal, MemberPage } from '../api/contract/groups.ts';
import {
  BatchResult,
  BatchResults,
  Created,
  JobPage,
  Submission,
  SubmissionBatch,
  Timeline,
  Verdict,
} from '../api/contract/jobs.ts';
import { KeyPage, KeyView } from '../api/contract/keys.ts';
import type { Access, Answered, Operation } from '../api/contract/operation.ts';
import { OperationPage, OperationPreview } from '../api/contract/operations.ts';
import { ProblemBody } from '../api/contract/problem.ts';
import { SchedulePage, ScheduleView } from '../api/contract/schedules.ts';
import { Health } from '../api/contract/service.ts';
import { TenantPage, TenantSettings, TenantView } from '../api/contract/tenants.ts';
import { KeySettings } from '../domain/access/key.ts';
import { Scope } from '../domain/access/scope.ts';
import { type ErrorCode, statusOf } from '../domain/errors.ts';
import { OperationStart, OperationView } from '../domain/operation/asked.ts';
import { DeliverySummary, DeliveryView, TryView } from '../domain/reading/delivery-view.ts';
import { EndpointView } from '../domain/reading/endpoint-view.ts';
import { FailedJobView, FailureGroupView } from '../domain/reading/failure-view.ts';
import { GroupView, MemberView } from '../domain/reading/group-view.ts';
import { AttemptView, FailureView, JobSummary, JobView } from '../domain/reading/job-view.ts';
import { TimelineEntry } from '../domain/reading/timeline.ts';
import { WaitView } from '../domain/reading/wait-view.ts';
import { DefinitionBody } from '../domain/schedule/definition.ts';
import { WEBHOOK_EVENTS } from '../domain/webhook/notification.ts';
import { exampleOf, opened, webhookSchemas } from './schemas.ts';

type Json = Readonly<Record<string, unknown>>;

/** Bodies that clients are given: types of their own in a generated client. */
const ANSWERS = {
  Attempt: AttemptView,
  BatchResult,
  BatchResults,
  Created,
  CreatedArray,
  Delivery: DeliveryView,
  DeliveryPage,
  DeliverySummary,
  DeliveryTry: TryView,
  Endpoint: EndpointView,
  EndpointPage,
  EndpointSecrets,
  Failure: FailureView,
  FailedJob: FailedJobView,
  FailureGroup: FailureGroupView,
  FailureGroupPage,
  FailurePage,
  Group: GroupView,
  GroupMember: MemberView,
  GroupPage,
  Health,
  Job: JobView,
  JobPage,
  JobSummary,
  Key: KeyView,
  KeyPage,
  Operation: OperationView,
  OperationPage,
  OperationPreview,
  MemberPage,
  Problem: ProblemBody,
  Schedule: ScheduleView,
  SchedulePage,
  Tenant: TenantView,
  TenantPage,
  Timeline,
  TimelineEntry,
  Verdict,
  Wait: WaitView,
} as const;

/**
 * Bodies that clients send. Generators name a nested schema after its path, such as Tenant and settings, so a body has the name of
 * none.
 */
const REQUESTS = {
  ArraySubmission,
  EndpointCreation,
  EndpointUpdate: EndpointChange,
  GroupSeal,
  KeySettings,
  OperationStart,
  ScheduleDefinition: DefinitionBody,
  Submission,
  SubmissionBatch,
  TenantUpdate: TenantSettings,
} as const;

const refTo = (name: string) => `#/components/schemas/${name}`;

function schemasOf(named: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): Json {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    target: 'draft-2020-12',
    io,
    uri: refTo,
    // A JSON value may be anything.
    unrepresentable: 'any',
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [
      name,
      io === 'output' ? opened(bare(schema)) : bare(schema),
    ]),
  );
}

/** The document says once which dialect its schemas have. */
function bare(schema: object): Json {
  const { $schema: _, $id: __, ...rest } = { $schema: '', $id: '', ...schema };
  return rest;
}

const names = new Map<z.ZodType, string>(
  [...Object.entries(ANSWERS), ...Object.entries(REQUESTS)].map(([name, schema]) => [schema, name]),
);

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const name = names.get(schema);
  if (name !== undefined) return { $ref: refTo(name) };
  const made = bare(z.toJSONSchema(schema, { target: 'draft-2020-12', io, unrepresentable: 'any' }));
  return io === 'output' ? opened(made) : made;
}

const HEADERS: Readonly<Record<string, string>> = {
  ETag: 'Names this state of the answer, for If-None-Match or If-Match.',
  'Idempotent-Replayed': 'true: nothing new was made.',
  'Idempotency-Key':
    'Makes a repeat of this request find what the first one made. For a submission it may be in the body instead.',
  'If-Match': 'The ETag of the state that was read: with another one nothing is changed.',
  'If-None-Match': 'The ETag of an earlier answer: unchanged is answered by 304 without a body.',
  traceparent:
    'W3C trace context. Of a request: the span of the sender; in an answer: that of the job in the same trace.',
};

function answerOf({ description, body, headers = [] }: Answered): Json {
  return {
    description,
    ...(headers.length === 0
      ? {}
      : {
          headers: Object.fromEntries(
            headers.map((name) => [name, { description: HEADERS[name], schema: { type: 'string' } }]),
          ),
        }),
    ...(body === undefined ? {} : { content: { 'application/json': { schema: schemaOf(body, 'output') } } }),
  };
}

const OF_EVERY_OPERATION: readonly ErrorCode[] = ['parameter_invalid', 'internal', 'try_again'];
const OF_CREDENTIALS: readonly ErrorCode[] = [
  'credential_missing',
  'credential_unknown',
  'token_invalid',
  'token_expired',
  'token_revoked',
  'scope_missing',
  'key_in_browser',
  'not_found',
  'rate_limited',
];
const OF_BODIES: readonly ErrorCode[] = ['body_too_large', 'body_encoding'];

/** All codes with which an operation may refuse. */
export function problemsOf({ access, body, problems }: Operation): readonly ErrorCode[] {
  const ofAccess = { public: [], operator: ['credential_missing' as const], tenant: OF_CREDENTIALS }[
    access.kind
  ];
  return [
    ...new Set([...OF_EVERY_OPERATION, ...ofAccess, ...(body === undefined ? [] : OF_BODIES), ...problems]),
  ];
}

function refusalsOf(operation: Operation): Json {
  const byStatus = Map.groupBy(problemsOf(operation), statusOf);
  return Object.fromEntries(
    [...byStatus]
      .toSorted(([a], [b]) => a - b)
      .map(([status, codes]) => [
        status,
        {
          description: `Refused: ${codes.toSorted().join(', ')}.`,
          content: { 'application/problem+json': { schema: { $ref: refTo('Problem') } } },
        },
      ]),
  );
}

function parametersOf({ path, query, headers = [] }: Operation): Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inHeaders = headers.map((name) => ({
    name,
    in: 'header',
    description: HEADERS[name],
    schema: { type: 'string' },
  }));
  return [...inPath, ...(query === undefined ? [] : queryOf(query)), ...inHeaders];
}

function queryOf(query: z.ZodObject): Json[] {
  return Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...rest } = bare(
      z.toJSONSchema(schema as z.ZodType, { target: 'draft-2020-12', io: 'input' }),
    ); // a field of an object schema
    return { name, in: 'query', ...(description === undefined ? {} : { description }), schema: rest };
  });
}

const security = (access: Access): Json[] => {
  if (access.kind === 'public') return [];
  return access.kind === 'operator' ? [{ iam: [] }] : [{ bearer: [access.scope] }, { iam: [] }];
};

function entryOf(id: string, operation: Operation): Json {
  const { summary, description, tag, access, body, answers } = operation;
  return {
    operationId: id,
    summary,
    ...(description === undefined ? {} : { description }),
    tags: [tag],
    security: security(access),
    parameters: parametersOf(operation),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(body, 'input') } },
          },
        }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerOf(answer)])),
      ...refusalsOf(operation),
    },
  };
}

const TAGS = {
  jobs: 'Jobs of a tenant.',
  endpoints: 'Where the webhooks of a tenant are sent, and what became of them.',
  tenants: 'What tenants may do. For operators.',
  schedules: 'Jobs of a tenant that run by the clock. For operators.',
  keys: 'Keys, with which tokens of tenants are signed. For operators.',
  service: 'What the API says of itself.',
  webhooks: 'What the endpoints of a tenant are sent, signed by Standard Webhooks 1.0.',
} as const;

/** What the endpoints of tenants are sent, so that a stack serves the schemas of its events as well. */
function webhooks(): Json {
  const schemas = webhookSchemas();
  return Object.fromEntries(
    WEBHOOK_EVENTS.map((type) => [
      type,
      {
        post: {
          operationId: `on${type.split('.').map(capital).join('')}`,
          summary: `Be told of ${type}`,
          tags: ['webhooks'],
          security: [],
          requestBody: {
            required: true,
            content: {
              'application/json': { schema: schemaOf(schemas[type], 'output'), example: exampleOf(type) },
            },
          },
          responses: {
            '2XX': { description: 'It is delivered.' },
            '4XX': { description: 'It is sent again, for a day; 410 disables the endpoint.' },
          },
        },
      },
    ]),
  );
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

export function openApiDocument(): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const id of operationIds) {
    const operation = operationOf(id);
    paths[operation.path] = { ...paths[operation.path], [operation.method]: entryOf(id, operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Headgate',
      version: '1',
      description:
        'Jobs of tenants on AWS Batch. Tenants reach the URL `ApiUrl` with a token, operators the URL `OperateUrl` with credentials of AWS. Clients ignore fields and values that they do not know: `x-known-values` are those of this version.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      {
        url: '{url}',
        variables: { url: { default: 'http://127.0.0.1:4566', description: 'An output of the stack.' } },
      },
    ],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    webhooks: webhooks(),
    components: {
      schemas: { ...schemasOf(ANSWERS, 'output'), ...schemasOf(REQUESTS, 'input') },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: `A token that was signed with a key of this stack. Its scopes are some of ${Scope.options.join(', ')}.`,
        },
        iam: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'Signature Version 4 for the service `lambda`, at the URL for operators.',
        },
      },
    },
  };
}

/** The text of docs/openapi.json. */
export function openApiText(): string {
  return `${JSON.stringify(openApiDocument(), undefined, 2)}\n`;
}
