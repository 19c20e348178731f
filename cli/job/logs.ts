/** `headgate job logs`: what the program of an attempt printed. */
import { setTimeout as pause } from 'node:timers/promises';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import { type LogPlace, placeOf, requestOf } from '../../domain/reading/log-place.ts';
import { batchPort } from '../../io/aws/batch.ts';
import { notFound, Stopped } from '../program/stopped.ts';
import { type Context, type Ending, flag, option, type Values, verb } from '../program/verb.ts';
import { resourcesOf } from '../stack/resources.ts';
import { type Records, type Stack, withStack } from '../stack/stack.ts';
import { findJob, jobOptions } from './find.ts';
import { type LogReader, logReader } from './log-lines.ts';

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
  summary: 'what the program of an attempt printed',
  argument: 'JOB',
  options,
  details: `Lines are those of the program, which may print what tenants sent. An attempt that has not begun has none. A run on Lambda is found
among the others of its function by its request; CloudWatch Logs shows its lines some seconds after they were printed.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      const job = await findJob(records, values);
      const client = stack.client(CloudWatchLogsClient);
      const group = await groupOf(values, stack);
      const reader = (place: LogPlace) => logReader(client, group, place);
      return values.follow
        ? follow(reader, job, values, { stack, records, context })
        : readOnce(reader, job, values, { stack, records, context });
    }),
});

type Open = (place: LogPlace) => LogReader;
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
  open: Open,
  job: JobRecord,
  { attempt = job.attempt }: Values<typeof options>,
  { stack, context }: Surroundings,
): Promise<Ending> {
  const place = await placeNow(job, attempt, stack);
  if (place === undefined)
    throw notFound(`Attempt ${attempt} of ${job.jobId} has no log: the job is ${job.state}.`);
  await show(open(place), attempt, context);
  return 'done';
}

const LOOK_EVERY_MS = 1000;
/** CloudWatch Logs shows what a function printed after some seconds; its last line is Lambda's own. */
const LOOKS_AFTER_END = 15;

/** Each attempt in turn, from its first line, unless one is named. */
async function follow(
  open: Open,
  started: JobRecord,
  { attempt: only }: Values<typeof options>,
  { stack, records, context }: Surroundings,
): Promise<Ending> {
  let job = started;
  let attempt = only ?? job.attempt;
  let reader: LogReader | undefined;
  let looksAfterEnd = 0;
  for (;;) {
    // Read before the lines: what is printed after it is read in the next round.
    const isOver = isFinal(job.state) || job.attempt > attempt;
    if (reader === undefined) {
      const place = await placeNow(job, attempt, stack);
      reader = place && open(place);
    }
    if (reader !== undefined) await show(reader, attempt, context);
    if (isOver) looksAfterEnd += 1;
    const isRead = isOver && (reader?.isComplete() !== false || looksAfterEnd > LOOKS_AFTER_END);
    if (isRead && (only !== undefined || job.attempt === attempt))
      return job.state === 'succeeded' ? 'done' : 'failed';
    if (isRead) {
      attempt += 1;
      looksAfterEnd = 0;
      reader = undefined;
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

/** Of an attempt that is over, from its record; of one that runs, from the claim or from AWS Batch. */
async function placeNow(job: JobRecord, attempt: number, stack: Stack): Promise<LogPlace | undefined> {
  const ended = job.endedAttempts.find((each) => each.attempt === attempt);
  if (ended !== undefined) return placeOf(ended, job);
  if (attempt !== job.attempt || job.runId === undefined) return undefined;
  const request = requestOf(job, job.createdAt);
  if (request !== undefined) return request;
  const batch = stack.batch();
  const found = (await batchPort(batch, batch).describe([job.runId])).get(job.runId);
  const name = found?.container?.logStreamName;
  return name === undefined ? undefined : { kind: 'stream', name };
}

async function show(reader: LogReader, attempt: number, { output, signal }: Context): Promise<void> {
  for (const { atMs, message } of await reader.read(signal)) {
    const at = new Date(atMs).toISOString();
    output.show([{ at, attempt, message }], (shown) => shown.line(`${at.slice(11, 23)}  ${message}`));
  }
}
