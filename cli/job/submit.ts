/** `headgate job submit`: a message on the front queue, and what became of it. */
import { readFile } from 'node:fs/promises';
import { text as allOf } from 'node:stream/consumers';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { fingerprintOf, jobIdOf } from '../../application/job/identity.ts';
import {
  Condition,
  type Dependency,
  groupNamed,
  OnDependencyFailure,
} from '../../domain/dependency/dependency.ts';
import { problem } from '../../domain/errors.ts';
import { GroupId, IdempotencyKey, JOB_ID, JobTypeId, TenantId } from '../../domain/job/ids.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { Priority } from '../../domain/job/priority.ts';
import { type JobRequest, parseSubmission } from '../../domain/request/request.ts';
import { deadLetters } from '../../io/aws/dead-letters.ts';
import { misused, refusedBy, Stopped } from '../program/stopped.ts';
import { type Context, flag, option, type Values, verb } from '../program/verb.ts';
import { findQueues } from '../stack/find.ts';
import { placeOptions } from '../stack/place.ts';
import { type Records, type Stack, withStack } from '../stack/stack.ts';
import { appearance, showState, waitForEnd } from './act.ts';

const whole = z
  .string()
  .regex(/^\d{1,9}$/, 'expected a whole number of seconds')
  .transform(Number);
const Tag = z
  .string()
  .regex(/^[^=]+=.*$/, 'expected NAME=VALUE')
  .transform((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)] as const);

/** A key may have an equals sign itself; only a condition behind the last one is one. */
const Other = z.string().transform((text): Dependency => {
  const at = text.lastIndexOf('=');
  const condition = at < 0 ? undefined : Condition.safeParse(text.slice(at + 1)).data;
  const name = condition === undefined ? text : text.slice(0, at);
  const group = groupNamed(name);
  const named =
    group === undefined ? { ...(JOB_ID.test(name) ? { jobId: name } : { idempotencyKey: name }) } : { group };
  return condition === undefined ? named : { ...named, condition };
});

const options = {
  id: { effect: '', schema: JobTypeId },
  tenant: option('TENANT', 'whose job it is', TenantId),
  key: option('KEY', 'idempotency key: the same key with the same request is the same job', IdempotencyKey),
  input: option('JSON|@FILE|-', 'its input, a file with it, or standard input', z.string().min(1).optional()),
  'input-ref': option('s3://…', 'an object with the input', z.string().min(1).optional()),
  priority: option('PRIORITY', 'low, normal, high or urgent', Priority.optional()),
  'run-at': option('TIME', 'not to begin before', z.string().min(1).optional()),
  'delay-seconds': option('N', 'not to begin for so long', whole.optional()),
  'ttl-seconds': option('N', 'to expire when it has not begun by then', whole.optional()),
  'deadline-seconds': option('N', 'for all attempts and waits together', whole.optional()),
  'timeout-seconds': option('N', 'for each attempt', whole.optional()),
  'concurrency-key': option('KEY', 'jobs of one such key run one at a time', z.string().min(1).optional()),
  group: option('GROUP', 'to be a member of that group', GroupId.optional()),
  tag: option('NAME=VALUE', 'a tag; may be repeated', z.array(Tag).optional()),
  metadata: option('JSON', 'repeated in each webhook', z.string().min(1).optional()),
  'depends-on': option(
    'KEY|JOB|group:GROUP[=CONDITION]',
    'to begin after that job or group has succeeded, finished or failed; may be repeated',
    z.array(Other).optional(),
  ),
  'on-dependency-failure': option(
    'fail|hold',
    'when one that was to succeed has failed',
    OnDependencyFailure.optional(),
  ),
  'dependency-timeout-seconds': option('N', 'to fail when they have not ended by then', whole.optional()),
  wait: flag('wait for its end, ten minutes at most; exit code 0 if it succeeded'),
  ...placeOptions,
};

export const submit = verb({
  summary: 'send a job, and say what became of it',
  argument: 'JOB_TYPE',
  options,
  details: `headgate job submit csv.summarise --tenant acme --key report-42 --input '{"csv":"s3://…"}'

The message takes the way of each message, by the front queue. A request that cannot be a job is refused before it is sent.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const request = await requestOf(values);
      const records = await stack.records();
      const job = await send(request, values.key, stack, records, context);
      if (values.wait) return waitForEnd(records, job, WAIT_SECONDS, context);
      showState(context.output, job);
      return 'done';
    }),
});

const WAIT_SECONDS = 600;

/** @throws Stopped with the refusal that intake would write on its dead letter */
async function requestOf(values: Values<typeof options>): Promise<JobRequest> {
  const fields = {
    jobType: values.id,
    inputRef: values['input-ref'],
    priority: values.priority,
    runAt: values['run-at'],
    delaySeconds: values['delay-seconds'],
    ttlSeconds: values['ttl-seconds'],
    deadlineSeconds: values['deadline-seconds'],
    timeoutSeconds: values['timeout-seconds'],
    concurrencyKey: values['concurrency-key'],
    tags: values.tag && Object.fromEntries(values.tag),
    group: values.group,
    dependsOn: values['depends-on'],
    onDependencyFailure: values['on-dependency-failure'],
    dependencyTimeoutSeconds: values['dependency-timeout-seconds'],
  };
  // Texts that are JSON stay texts: how JSON is read is the message's own affair, with its rules for keys and numbers.
  const parts = [
    JSON.stringify(fields).slice(1, -1),
    ...(values.input === undefined ? [] : [`"input":${await textOf(values.input)}`]),
    ...(values.metadata === undefined ? [] : [`"metadata":${values.metadata}`]),
  ];
  const parsed = parseSubmission(`{${parts.join(',')}}`, {
    tenantId: values.tenant,
    idempotencyKey: values.key,
  });
  if (parsed.kind === 'refused') throw refusedBy(parsed.problem);
  return parsed.request;
}

async function textOf(input: string): Promise<string> {
  if (input === '-') return allOf(process.stdin);
  if (!input.startsWith('@')) return input;
  return readFile(input.slice(1), 'utf8').catch(() => {
    throw misused(`--input: expected a file that can be read, found none at ${input.slice(1)}.`);
  });
}

async function send(
  request: JobRequest,
  key: string,
  stack: Stack,
  records: Records,
  context: Context,
): Promise<JobRecord> {
  const jobId = jobIdOf(request.tenantId, key);
  const before = await records.jobs.get(jobId);
  if (before !== undefined) {
    if (before.fingerprint === fingerprintOf(request)) return before;
    const sentence = `Expected the request of ${jobId}, which has this key, found another one.`;
    throw refusedBy(problem('idempotency_conflict', '/idempotencyKey', sentence));
  }
  const queues = await findQueues(stack.sqs(), stack.stage);
  const { MessageId = '' } = await stack.sqs().send(
    new SendMessageCommand({
      QueueUrl: queues.front,
      MessageBody: JSON.stringify(request),
      MessageGroupId: request.tenantId,
    }),
  );
  const letters = deadLetters(stack.sqs(), queues);
  for (const patienceMs of LOOKS_AFTER_MS) {
    const job = await appearance(records, jobId, patienceMs, context.signal);
    if (job !== undefined) return job;
    // A look hides letters from other readers, so there are few.
    const refusals = await letters.scan(
      ({ id }) => id === MessageId,
      async ({ letters: found }) => found.map(({ letter }) => letter),
      context.signal,
    );
    const [refusal] = refusals;
    if (refusal !== undefined)
      throw new Stopped(
        'refused',
        `${refusal.code}: ${refusal.reason} The message is the dead letter ${MessageId}.`,
      );
  }
  throw new Stopped(
    'failed',
    `The message ${MessageId} was sent, and there is no job ${jobId} of it yet, and no letter.`,
  );
}

const LOOKS_AFTER_MS = [2000, 8000];
