/** A stack on this machine, as a test of a service uses it: what goes in is a message, what comes out is what its users see. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { jobIdOf } from '../application/job/identity.ts';
import { awsClients, type Clients } from '../demo/clients.ts';
import { openInbox, type Received } from '../demo/inbox.ts';
import { readRefusals } from '../demo/refusals.ts';
import { imageFolders } from '../demo/sample.ts';
import { EVERY_END, outputOf, tenantMaker } from '../demo/seed.ts';
import { tenantFolder } from '../domain/job/identity.ts';
import { isFinal, type JobRecord, JobState } from '../domain/job/job.ts';
import { viewOf } from '../domain/reading/job-view.ts';
import { systemRandom } from '../io/process/random.ts';
import { type JobStore, jobStore } from '../io/table/jobs.ts';
import { table } from '../io/table/table.ts';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { readDuration } from '../local/control.ts';
import { build, built } from '../tools/build.ts';

export const Options = z
  .strictObject({
    tenants: z.array(z.string()).default(['acme']),
    parameters: z.record(z.string(), z.string()).default({}),
    submitJobsPerSecond: z.union([z.number().positive(), z.literal(Number.POSITIVE_INFINITY)]).optional(),
  })
  .prefault({});
export type Options = z.infer<typeof Options>;

type Call = (...args: readonly unknown[]) => Promise<unknown>;

export interface Laptop {
  /** What the test reads of it: addresses and outputs. */
  readonly facts: Pick<Cloud, 'endpoint' | 'environment' | 'outputs'>;
  readonly calls: Readonly<Record<string, Call>>;
  close(): Promise<void>;
}

/** @param log takes lines for the developer */
export async function startLaptop(options: Options, log: (line: string) => void): Promise<Laptop> {
  await build();
  const secrets = new Map<string, string>();
  const received: Received[] = [];
  const inbox = await openInbox(secrets, (webhook) => received.push(webhook));
  const cloud = await startCloud({
    template: built.template,
    bundles: built.functions,
    images: imageFolders,
    parameters: { MaxvCpus: '2', SubmitSettleSeconds: '3', ...options.parameters },
    functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: inbox.origin },
    ...(options.submitJobsPerSecond !== undefined && { submitJobsPerSecond: options.submitJobsPerSecond }),
    report: log,
    output: (functionName, line) =>
      line.includes('"level":"ERROR"') ? log(`${functionName}: ${line}`) : undefined,
  }).catch(async (error) => {
    await inbox.close();
    throw error;
  });
  const clients = awsClients(cloud.environment);
  const { endpoint, environment, outputs } = cloud;
  const make = tenantMaker(clients, outputs);
  const addTenant = async (tenantId: string): Promise<void> => {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    secrets.set(tenantId, secret);
    const { origin } = inbox;
    await make(tenantId, {
      endpointId: 'whe_testing',
      url: inbox.urlOf(tenantId),
      origin,
      secret,
      events: EVERY_END,
    });
  };
  for (const tenantId of options.tenants) await addTenant(tenantId);
  return {
    facts: { endpoint, environment, outputs },
    calls: {
      ...calls(cloud, clients, received),
      addTenant: (tenantId) => addTenant(z.string().parse(tenantId)),
    },
    async close() {
      clients.close();
      await cloud.close();
      await inbox.close();
    },
  };
}

const Message = z.looseObject({ tenantId: z.string(), idempotencyKey: z.string().optional() });
const Submission = z.object({ jobId: z.string(), messageId: z.string() });
const States = z.union([JobState, z.array(JobState).min(1)]).transform((states) => [states].flat());
const WaitOptions = z.strictObject({ timeoutMs: z.number().positive().default(20_000) }).prefault({});
const LOOK_EVERY_MS = 50;

interface Wait<Found> {
  readonly what: string;
  find(job: JobRecord | undefined): Found | undefined;
}

/** @returns what looks until there is an answer. It throws after the limit, and when the message was refused */
function waiter(cloud: Cloud, clients: Clients, jobs: JobStore) {
  const refusalOf = async (messageId: string) => {
    const letters = await readRefusals(clients, outputOf(cloud.outputs, 'FrontDeadLetterQueueUrl'));
    return letters.find(({ attributes }) => attributes['messageId'] === messageId)?.attributes;
  };
  return async <Found>(
    { jobId, messageId }: z.infer<typeof Submission>,
    timeoutMs: number,
    { what, find }: Wait<Found>,
  ): Promise<Found> => {
    const limit = performance.now() + timeoutMs;
    for (;;) {
      const job = await jobs.get(jobId);
      const found = find(job);
      if (found !== undefined) return found;
      const refusal = job === undefined ? await refusalOf(messageId) : undefined;
      if (refusal !== undefined)
        throw new Error(`The message was refused, ${refusal['code']}: ${refusal['reason']}`);
      const state = job === undefined ? 'it is not recorded' : `it ${endOf(job)}`;
      if (performance.now() > limit) throw new Error(`No ${what} of ${jobId} in ${timeoutMs} ms: ${state}.`);
      await pause(LOOK_EVERY_MS);
    }
  };
}

function calls(cloud: Cloud, clients: Clients, received: readonly Received[]): Record<string, Call> {
  const jobs = jobStore(table(clients.dynamo, outputOf(cloud.outputs, 'JobsTableName'), systemRandom));
  const bucket = outputOf(cloud.outputs, 'JobsBucketName');
  const until = waiter(cloud, clients, jobs);

  return {
    now: async () => new Date(cloud.clock.now()),
    async advance(time) {
      cloud.clock.advance(durationOf(time));
      return new Date(cloud.clock.now());
    },
    async upload(tenant, named, given) {
      const [tenantId, name] = [z.string().parse(tenant), z.string().parse(named)];
      const Key = `${tenantFolder(tenantId)}inputs/${name}`;
      const Body = z.union([z.string(), z.instanceof(Uint8Array)]).parse(given);
      await clients.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
      return `s3://${bucket}/${Key}`;
    },
    async submit(given) {
      const message = Message.parse(given);
      const { tenantId, idempotencyKey = randomUUID() } = message;
      const MessageBody = JSON.stringify({ specVersion: '1', ...message, idempotencyKey });
      const QueueUrl = outputOf(cloud.outputs, 'FrontQueueUrl');
      const { MessageId: messageId } = await clients.sqs.send(
        new SendMessageCommand({ QueueUrl, MessageBody }),
      );
      return { tenantId, idempotencyKey, jobId: jobIdOf(tenantId, idempotencyKey), messageId };
    },
    async job(jobId) {
      const job = await jobs.get(z.string().parse(jobId));
      return job && viewOf(await jobs.whole(job), 'operator');
    },
    async waitFor(submission, wanted, options) {
      const states = States.parse(wanted);
      const find = (job: JobRecord | undefined) => {
        if (job === undefined || states.includes(job.state)) return job;
        if (isFinal(job.state))
          throw new Error(`Expected ${states.join(' or ')}: ${job.jobId} ${endOf(job)}.`);
        return undefined;
      };
      const { timeoutMs } = WaitOptions.parse(options);
      const what = states.join(' or ');
      const job = await until(Submission.parse(submission), timeoutMs, { what, find });
      return viewOf(await jobs.whole(job), 'operator');
    },
    async waitForWebhook(given, type, options) {
      const submission = Submission.parse(given);
      const find = () =>
        received.find(({ event }) => event?.data.jobId === submission.jobId && event.type === type);
      const { timeoutMs } = WaitOptions.parse(options);
      return webhookOf(await until(submission, timeoutMs, { what: `webhook ${type}`, find }));
    },
    webhooks: async () => received.map(webhookOf),
  };
}

function durationOf(time: unknown): number {
  const milliseconds = typeof time === 'string' ? readDuration(time) : time;
  if (typeof milliseconds === 'number' && Number.isSafeInteger(milliseconds) && milliseconds >= 0)
    return milliseconds;
  throw new Error(`Expected whole milliseconds, or a time such as 90s, 2h or 7d, found ${String(time)}.`);
}

/** @example is failed, app_error exit_code: The program of this job type failed */
function endOf({ state, failure }: JobRecord): string {
  return failure === undefined
    ? `is ${state}`
    : `is ${state}, ${failure.class} ${failure.code}: ${failure.message}`;
}

function webhookOf({ tenantId, webhookId, verified, payload }: Received) {
  return { tenantId, webhookId, verified, ...(payload && { type: payload.type, data: payload.data }) };
}
