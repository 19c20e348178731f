/** `headgate job logs`: what the container of an attempt printed. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  GetLogEventsCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import { batchPort } from '../../io/aws/batch.ts';
import { notFound, Stopped } from '../program/stopped.ts';
import { type Context, type Ending, flag, option, type Values, verb } from '../program/verb.ts';
import { resourcesOf } from '../stack/resources.ts';
import { type Records, type Stack, withStack } from '../stack/stack.ts';
import { findJob, jobOptions } from './find.ts';

const options = {
  ...jobOptions,
  attempt: option(
    'N',
    'of this attempt (the latest)',
    z
      .string()
      .regex(/^[1-9]\d{0,2}$/, 'expected the number of an attempt')
      .transform(Number)
      .optional(),
  ),
  follow: { ...flag('go on until the job is over'), short: 'f' },
  'log-group': option(
    'NAME',
    "the stack's log group of workers, where CloudFormation may not be asked for it",
    z.string().min(1).optional(),
  ),
};

export const logs = verb({
  summary: 'what the container of an attempt printed',
  argument: 'JOB',
  options,
  details:
    'Lines are those of the container, in which its program may print what tenants sent. An attempt that has not begun has none.',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      const job = await findJob(records, values);
      const reader = { client: stack.client(CloudWatchLogsClient), group: await groupOf(values, stack) };
      return values.follow
        ? follow(reader, job, values, { stack, records, context })
        : readOnce(reader, job, values, { stack, records, context });
    }),
});

interface Reader {
  readonly client: CloudWatchLogsClient;
  readonly group: string;
}
interface Surroundings {
  readonly stack: Stack;
  readonly records: Records;
  readonly context: Context;
}

async function groupOf(values: Values<typeof options>, stack: Stack): Promise<string> {
  const known = values['log-group'] ?? stack.outputs?.['WorkerLogGroupName'];
  const group = known ?? (await resourcesOf(stack)).get('WorkerLogGroup');
  if (group === undefined)
    throw new Stopped(
      'failed',
      'Expected a log group of workers in the stack, found none: name it with --log-group.',
    );
  return group;
}

async function readOnce(
  reader: Reader,
  job: JobRecord,
  { attempt = job.attempt }: Values<typeof options>,
  { stack, context }: Surroundings,
): Promise<Ending> {
  const stream = await streamOf(job, attempt, stack);
  if (stream === undefined)
    throw notFound(`Attempt ${attempt} of ${job.jobId} has no log: the job is ${job.state}.`);
  await readFrom(reader, stream, undefined, { attempt, context });
  return 'done';
}

const LOOK_EVERY_MS = 1000;

/** Each attempt in turn, from its first line, unless one is named. */
async function follow(
  reader: Reader,
  started: JobRecord,
  { attempt: only }: Values<typeof options>,
  { stack, records, context }: Surroundings,
): Promise<Ending> {
  let job = started;
  let attempt = only ?? job.attempt;
  let token: string | undefined;
  for (;;) {
    // Read before the lines: what is printed after it is read in the next round.
    const isOver = isFinal(job.state) || job.attempt > attempt;
    const stream = await streamOf(job, attempt, stack);
    if (stream !== undefined) token = await readFrom(reader, stream, token, { attempt, context });
    if (isOver && (only !== undefined || job.attempt === attempt))
      return job.state === 'succeeded' ? 'done' : 'failed';
    if (isOver) {
      attempt += 1;
      token = undefined;
      continue;
    }
    await pause(LOOK_EVERY_MS, undefined, { signal: context.signal }).catch(() => undefined);
    if (context.signal.aborted)
      throw new Stopped('interrupted', `Interrupted; ${job.jobId} goes on, and is ${job.state}.`);
    const found = await records.jobs.get(job.jobId);
    if (found === undefined) throw notFound(`The record of ${job.jobId} is gone.`);
    job = found;
  }
}

/** Of an attempt that is over, from its record; of one that runs, from AWS Batch. */
async function streamOf(job: JobRecord, attempt: number, stack: Stack): Promise<string | undefined> {
  const ended = job.endedAttempts.find((each) => each.attempt === attempt);
  if (ended !== undefined) return ended.logStream;
  if (attempt !== job.attempt || job.runId === undefined) return undefined;
  const batch = stack.batch();
  return (await batchPort(batch, batch).describe([job.runId])).get(job.runId)?.container?.logStreamName;
}

/** @returns where to go on */
async function readFrom(
  { client, group }: Reader,
  logStreamName: string,
  from: string | undefined,
  { attempt, context: { output, signal } }: { readonly attempt: number; readonly context: Context },
): Promise<string | undefined> {
  let token = from;
  for (;;) {
    const command = new GetLogEventsCommand({
      logGroupName: group,
      logStreamName,
      nextToken: token,
      startFromHead: true,
    });
    const page = await client.send(command, { abortSignal: signal }).catch((error: unknown) => {
      // A container that has printed nothing has no stream yet.
      if (error instanceof ResourceNotFoundException) return undefined;
      throw error;
    });
    for (const { timestamp = 0, message = '' } of page?.events ?? []) {
      const at = new Date(timestamp).toISOString();
      output.show([{ at, attempt, message }], (shown) => shown.line(`${at.slice(11, 23)}  ${message}`));
    }
    // The same token again is the end of what is there.
    if (page?.nextForwardToken === undefined || page.nextForwardToken === token) return token;
    token = page.nextForwardToken;
  }
}
