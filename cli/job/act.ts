/** `headgate job cancel`, `redrive` and `wait`. */
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { endedWith } from '../../application/dependency/ended-with.ts';
import { childIdOf } from '../../application/job/identity.ts';
import { cancelJob } from '../../application/resources/cancel-job.ts';
import { stateConflict } from '../../application/resources/refused.ts';
import { failedJob } from '../../domain/dead-letter/dead-letter.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import { summaryOf, viewOf } from '../../domain/reading/job-view.ts';
import { type Queue, queue } from '../../io/aws/queues.ts';
import { systemClock } from '../../io/process/clock.ts';
import { systemRandom } from '../../io/process/random.ts';
import { jobTypes } from '../../job-types.ts';
import type { Output } from '../program/output.ts';
import { notFound, refusedBy, Stopped } from '../program/stopped.ts';
import { duration } from '../program/time.ts';
import { type Context, type Ending, flag, option, verb } from '../program/verb.ts';
import { findQueues } from '../stack/find.ts';
import { quietLog, type Records, withStack } from '../stack/stack.ts';
import { findJob, jobOptions } from './find.ts';
import { appearance } from './sending.ts';
import { stateTone } from './timeline-text.ts';

export const cancel = verb({
  summary: 'ask for its end, or for that of the newest of its redrives',
  argument: 'JOB',
  options: jobOptions,
  details: 'A job that waits ends at once. One that runs is cancelling until its container has ended.',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      const job = await findJob(records, values);
      const ports = {
        ...records,
        bus: await stack.bus(),
        random: systemRandom,
        log: quietLog(context),
        types: jobTypes,
      };
      const ended = await cancelJob(ports, job);
      // It was removed meanwhile.
      if (ended === undefined) throw notFound(`There is no job ${values.id}.`);
      showState(context.output, ended);
      return 'done';
    }),
});

/** How long a look for the child takes before the command ends without having seen it. */
const REDRIVE_PATIENCE_MS = 10_000;

export const redrive = verb({
  summary: 'run a failed job again, as a child of its own id',
  argument: 'JOB',
  options: {
    ...jobOptions,
    'with-dependents': flag(
      'and then the jobs that failed because it did, each after those that it waits for',
    ),
  },
  details: `However often it is redriven, there is one child. Its dead letter stays in its queue, and has no further effect; headgate dlq
redrive takes it from there. With --with-dependents a repeat goes on where the first has stopped.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      const job = await findJob(records, values);
      if (job.state !== 'failed' || job.discarded !== undefined) {
        const found = job.discarded === undefined ? job.state : 'discarded';
        throw refusedBy(stateConflict(`Expected a failed job, found one that is ${found}.`).problem);
      }
      const { front } = await findQueues(stack.sqs(), stack.stage);
      const redriving = { records, front: queue(stack.sqs(), front), signal: context.signal };
      const children = await redriven(redriving, [job]);
      if (values['with-dependents'])
        for (const round of await endedWith(records, job))
          children.push(...(await redriven(redriving, round)));
      showStates(context.output, children);
      return 'done';
    }),
});

interface Redriving {
  readonly records: Records;
  readonly front: Queue;
  readonly signal: AbortSignal;
}

/** @returns the children. @throws Stopped when one does not come */
async function redriven(
  { records, front, signal }: Redriving,
  failed: readonly JobRecord[],
): Promise<JobRecord[]> {
  const letters = failed
    .filter(({ redrivenAs }) => redrivenAs === undefined)
    .map(async (job) => ({ ...failedJob(await records.jobs.whole(job)), groupId: job.tenantId }));
  await front.send(await Promise.all(letters));
  const children: JobRecord[] = [];
  for (const { jobId, tenantId } of failed) {
    const look = async () => {
      // With its name on the failed job: what waits for that one is judged by the child from then on.
      const isRedriven = (await records.jobs.get(jobId))?.redrivenAs !== undefined;
      return isRedriven ? records.jobs.get(childIdOf(jobId)) : undefined;
    };
    const child = await appearance(look, childIdOf(jobId), REDRIVE_PATIENCE_MS, signal);
    if (child === undefined)
      throw new Stopped(
        'failed',
        `No job runs ${jobId} again yet; headgate dlq list --tenant ${tenantId} shows whether it was refused.`,
      );
    children.push(child);
  }
  return children;
}

export const showState = (output: Output, job: JobRecord): void => showStates(output, [job]);

function showStates(output: Output, jobs: readonly JobRecord[]): void {
  output.show(
    jobs.map((job) => summaryOf(job, 'operator')),
    (page) => {
      for (const { jobId, state } of jobs) page.line(`${jobId}  `, { text: state, tone: stateTone(state) });
    },
  );
}

const waitOptions = {
  ...jobOptions,
  timeout: option(
    'SECONDS',
    'ends the command, and never the job (600)',
    z
      .string()
      .regex(/^[1-9]\d{0,6}$/, 'expected a whole number of seconds')
      .transform(Number)
      .default(600),
  ),
};

export const wait = verb({
  summary: 'wait for its end; exit code 0 if it succeeded',
  argument: 'JOB',
  options: waitOptions,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      return waitForEnd(records, await findJob(records, values), values.timeout, context);
    }),
});

const FIRST_LOOK_MS = 500;
const MAX_LOOK_MS = 5000;

/** Looks less and less often: half a second after the first look, five seconds from the tenth. */
export async function waitForEnd(
  { jobs }: Pick<Records, 'jobs'>,
  started: JobRecord,
  timeoutSeconds: number,
  { output, signal }: Context,
): Promise<Ending> {
  const { jobId } = started;
  const untilMs = systemClock.nowMs() + timeoutSeconds * 1000;
  let job = started;
  let everyMs = FIRST_LOOK_MS;
  let seen: string | undefined;
  while (!isFinal(job.state)) {
    if (job.state !== seen && !output.json) showState(output, job);
    seen = job.state;
    const leftMs = untilMs - systemClock.nowMs();
    if (leftMs <= 0)
      throw new Stopped(
        'failed',
        `${jobId} has not ended within ${duration(timeoutSeconds * 1000)}; it goes on, and is ${job.state}.`,
      );
    await pause(Math.min(everyMs, leftMs), undefined, { signal }).catch(() => undefined);
    if (signal.aborted)
      throw new Stopped('interrupted', `Interrupted; ${jobId} goes on, and is ${job.state}.`);
    everyMs = Math.min(everyMs * 1.3, MAX_LOOK_MS);
    const found = await jobs.get(jobId);
    if (found === undefined) throw notFound(`The record of ${jobId} is gone.`);
    job = found;
  }
  output.show([viewOf(await jobs.whole(job), 'operator')], (page) => {
    const took = duration((job.finishedAt ?? job.stateAt) - job.createdAt);
    const why = job.failure === undefined ? '' : `: ${job.failure.code}, ${job.failure.message}`;
    page.line(`${jobId}  `, { text: job.state, tone: stateTone(job.state) }, ` after ${took}${why}`);
  });
  return job.state === 'succeeded' ? 'done' : 'failed';
}
