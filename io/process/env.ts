/**
 * The only reader of process.env. A missing or wrong variable stops the function at its start, with the variable's
 * name.
 */
import * as z from 'zod';
import { JobDefinitions } from '../../domain/batch/definitions.ts';
import { Pricing } from '../../domain/cost/prices.ts';
import { RetentionDays } from '../../domain/job/retention.ts';
import { TenantDefaults } from '../../domain/tenant/policy.ts';
import { PublishedEvents } from '../../domain/webhook/notification.ts';

const NO_TEXT = 'expected a text that is not empty';
const text = z.string(NO_TEXT).min(1, NO_TEXT);
const url = z.url('expected a URL');

const WHOLE = 'expected a whole number';

function between(least: number, most: number) {
  const expected = `expected a number from ${least} to ${most}`;
  return z.coerce.number(expected).min(least, expected).max(most, expected);
}

/** A list with commas; empty: none. */
function originsOf(isExpected: (origin: string) => boolean, expected: string) {
  return z
    .string()
    .transform((list) => list.split(',').map((origin) => origin.trim()))
    .transform((list) => list.filter((origin) => origin !== ''))
    .refine((list) => list.every(isExpected), expected);
}

/** JSON made by the template. */
function parsedBy<Schema extends z.ZodType>(schema: Schema) {
  return (json: string, context: z.RefinementCtx): z.output<Schema> => {
    const parsed = schema.safeParse(jsonOf(json));
    if (parsed.success) return parsed.data;
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    context.addIssue({
      code: 'custom',
      message: field === '' ? 'expected a JSON object' : `expected a JSON object with a valid ${field}`,
    });
    return z.NEVER;
  };
}

function jsonOf(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** All variables that a Headgate process may read. None has a default that could hide a mistake. */
const variables = {
  /** A dimension of each metric. */
  STAGE: text,
  TABLE_NAME: text,
  KEYS_TABLE_NAME: text,
  BUCKET_NAME: text,
  BUCKET_ARN: text,
  /** Assumed for credentials that are narrowed to one tenant's objects. */
  OBJECTS_ROLE_ARN: text,
  /** After so many days the bucket deletes an object. */
  OBJECT_RETENTION_DAYS: between(1, 36_500).int(WHOLE),
  /** After so many days the record of a job is removed, by its final state. */
  RETENTION_DAYS: z.string().transform(parsedBy(RetentionDays)),
  FRONT_QUEUE_URL: url,
  SUBMIT_QUEUE_URL: url,
  DELIVERY_QUEUE_URL: url,
  DEAD_LETTER_QUEUE_URL: url,
  NOTIFY_QUEUE_URL: url,
  /** By the name of the queue that each belongs to. */
  DEAD_LETTER_QUEUES: z.string().transform(parsedBy(z.record(z.string(), url))),
  EVENT_BUS_NAME: text,
  /** Where containers log. */
  WORKER_LOG_GROUP: text,
  /** Empty: no traces are sent. Of OpenTelemetry; the whole address. */
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.union([z.literal(''), url], 'expected a URL or nothing'),
  TRACE_SAMPLING: between(0, 1),
  /** Whether they are signed as X-Ray wants it. */
  TRACES_SIGNED: z.enum(['true', 'false']),
  PRICING: z.string().transform(parsedBy(Pricing)),
  /** The `aud` of tokens: names this stack, and no other in the world. */
  STACK_AUDIENCE: text,
  /** Of web pages that may call the door for tenants: `*`, or origins. */
  PAGE_ORIGINS: originsOf(
    (origin) => origin === '*' || (URL.canParse(origin) && new URL(origin).origin === origin),
    'expected * or origins such as https://app.example',
  ),
  PUBLISH_EVENTS: PublishedEvents,
  /** Whether each job gets the state `running`, also where nothing depends on it. */
  RECORD_RUNNING: z.enum(['true', 'false']),
  JOB_QUEUE_STANDARD: text,
  JOB_QUEUE_ECONOMY: text,
  /** Of instances of EC2, by their name in `job-types.ts`. */
  JOB_QUEUES_OF_INSTANCES: z.string().transform(parsedBy(z.record(z.string(), z.string().min(1)))),
  /** The revision that was deployed with this function, by job type. */
  JOB_DEFINITIONS: z.string().transform(parsedBy(JobDefinitions)),
  BATCH_CALLS_PER_SECOND: between(1, 1000),
  TENANT_DEFAULTS: z.string().transform(parsedBy(TenantDefaults)),
  SUBMIT_SETTLE_SECONDS: between(1, 900).int(WHOLE),
  /** The key that encrypts signing keys. */
  WEBHOOK_KEY_ID: text,
  /** The key that encrypts the keys for tickets and task tokens. */
  WORKER_KEY_ID: text,
  /** A host that answers on port 443 as long as our network does. */
  NETWORK_PROBE_HOST: z.hostname('expected a host name'),
  /** The inbox of a laptop: an origin without the guard. No template can set it (docs/decisions/0010). */
  WEBHOOK_ALLOWED_ORIGINS: z
    .string()
    .default('')
    .pipe(originsOf(isLoopback, 'expected http://127.0.0.1 and a port'))
    .refine(
      (list) => list.length === 0 || !onLambda(),
      'expected none on Lambda, whose own API is on loopback',
    ),
  /**
   * Set by AWS Batch in each container.
   * @see AWS Batch user guide, "Job environment variables"
   */
  AWS_BATCH_JOB_ID: text,
  /** The function that a container calls, and the ticket of its attempt. */
  HEADGATE_API: text,
  HEADGATE_TICKET: text,
  AWS_BATCH_JOB_ATTEMPT: z.coerce.number(WHOLE).int(WHOLE).min(1, 'expected 1 or more'),
} as const;

/** Lambda's runtime cannot work without it, and nothing else sets it. */
function onLambda(): boolean {
  return process.env['AWS_LAMBDA_RUNTIME_API'] !== undefined;
}

function isLoopback(origin: string): boolean {
  return /^http:\/\/127\.0\.0\.1:\d{1,5}$/.test(origin);
}

type Variables = typeof variables;
export type Env<Name extends keyof Variables> = { readonly [N in Name]: z.output<Variables[N]> };

/** The message names variables and what was expected, never a value. */
export class EnvironmentIncomplete extends Error {
  override readonly name = 'EnvironmentIncomplete';
}

/** @throws EnvironmentIncomplete, which names each missing or wrong variable and what was expected */
export function readEnv<Name extends keyof Variables>(...names: readonly Name[]): Env<Name> {
  const wrong: string[] = [];
  const entries = names.map((name) => {
    const parsed = variables[name].safeParse(process.env[name]);
    if (!parsed.success)
      wrong.push(
        process.env[name] === undefined
          ? `${name} is not set`
          : `${name}: ${parsed.error.issues[0]?.message ?? 'invalid'}`,
      );
    return [name, parsed.data];
  });
  if (wrong.length > 0)
    throw new EnvironmentIncomplete(`The environment of this process is incomplete: ${wrong.join('; ')}`);
  return Object.fromEntries(entries) as Env<Name>; // each entry was parsed by the schema of its own name
}

export const JOB_QUEUES = ['JOB_QUEUE_STANDARD', 'JOB_QUEUE_ECONOMY', 'JOB_QUEUES_OF_INSTANCES'] as const;

/** The job queues of a stage by the names that job types have for them. */
export const jobQueuesOf = (env: Env<(typeof JOB_QUEUES)[number]>) => ({
  ...env.JOB_QUEUES_OF_INSTANCES,
  standard: env.JOB_QUEUE_STANDARD,
  economy: env.JOB_QUEUE_ECONOMY,
});
