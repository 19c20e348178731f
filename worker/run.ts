/** One container: claim the job, load the input, do the work, commit the result. */
import { addAbortSignal } from 'node:stream';
import { changeJob, decideJob } from '../application/job/decide-job.ts';
import type { Context } from '../domain/job/advance.ts';
import { applyWorkerMessage, type Container, claim, type WorkerMessage } from '../domain/job/claim.ts';
import { resultPrefix } from '../domain/job/identity.ts';
import type { JobRecord, Result } from '../domain/job/job.ts';
import { type JobTypes, withoutType } from '../domain/job/job-type.ts';
import type { ReportedFailure } from '../domain/job/lifecycle.ts';
import { ObjectMissing, type ObjectStore } from '../io/aws/objects.ts';
import type { Clock } from '../io/process/clock.ts';
import { errorName, type Log } from '../io/process/log.ts';
import type { JobStore } from '../io/table/jobs.ts';
import { errorReport } from './error-report.ts';
import { loadInput } from './input.ts';
import { progressWriter } from './progress.ts';
import { resultOf } from './result.ts';
import { type Handler, NeverAgain, TryLater, type Work } from './work.ts';

export const exitCode = { done: 0, failed: 1, neverAgain: 64, tryLater: 75 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

export interface WorkerPorts {
  readonly jobs: Pick<JobStore, 'get' | 'replace' | 'whole'>;
  objectsOf(tenantId: string): ObjectStore;
  /** Its input was checked against the job type's schema. */
  handlerOf(jobType: string): Promise<Handler<never> | undefined>;
  readonly bucket: string;
  readonly types: JobTypes;
  readonly clock: Clock;
  readonly log: Log;
  /** The job's own log stream, which its operator reads and its tenant does not. */
  readonly stderr: { write(text: string): unknown };
}

export interface Assignment extends Container {
  readonly jobId: string;
  readonly batchType: string;
}

export async function run(ports: WorkerPorts, me: Assignment, signal: AbortSignal): Promise<ExitCode> {
  const job = await claimed(ports, me);
  if (job === undefined) return exitCode.done;
  try {
    const result = await work(ports, job, me, signal);
    const committed = await say(ports, job, me, { kind: 'committed', result });
    ports.log.info(`result:commit:${committed ? 'done' : 'superseded'}`, {
      jobId: me.jobId,
      attempt: me.attempt,
    });
    return exitCode.done;
  } catch (error) {
    return complain(ports, job, me, error, signal);
  }
}

/** @returns the record with the claim of this container, or undefined when it must not do the work */
async function claimed(ports: WorkerPorts, me: Assignment): Promise<JobRecord | undefined> {
  const facts = { jobId: me.jobId, attempt: me.attempt, runId: me.runId };
  const stored = await ports.jobs.get(me.jobId);
  if (stored === undefined) {
    ports.log.error('job:claim:failed', { ...facts, why: 'no_record' });
    return undefined;
  }
  const context = contextOf(ports, me.batchType);
  const { job, verdict } = await decideJob(ports.jobs, stored, (current) => {
    const verdict = claim(current, me, context);
    return { verdict, next: verdict.kind === 'claim' ? verdict.next : undefined };
  });
  ports.log.info(`job:claim:${verdict.kind === 'claim' ? 'done' : verdict.kind}`, {
    ...facts,
    why: verdict.kind === 'superseded' ? verdict.why : undefined,
  });
  return verdict.kind === 'superseded' ? undefined : job;
}

async function work(
  ports: WorkerPorts,
  job: JobRecord,
  me: Assignment,
  signal: AbortSignal,
): Promise<Result> {
  const type = ports.types.get(me.batchType);
  const handler = await ports.handlerOf(me.batchType);
  if (type === undefined || handler === undefined || job.jobType !== me.batchType) {
    throw new NeverAgain('job_type_removed', `This image has no handler for the job type ${job.jobType}.`);
  }
  const objects = endingWith(ports.objectsOf(job.tenantId), signal);
  const input = await loadInput(objects, await ports.jobs.whole(job), type, ports.bucket);
  const progress = progressWriter(ports.clock, (word) => say(ports, job, me, word), ports.log);
  const folder = resultPrefix(job, me.runId);
  const write: Work['write'] = (name, content, contentType) =>
    objects.write(folder + name, content, contentType);
  const value = await handler(input as never, { objects, write, progress: progress.report, signal }); // parsed by this job type's own schema
  await progress.flushed();
  return resultOf(value, write);
}

/** What is being read ends with the container: a handler that waits for S3 would wait until AWS Batch kills it. */
function endingWith(objects: ObjectStore, signal: AbortSignal): ObjectStore {
  return { ...objects, read: async (uri) => addAbortSignal(signal, await objects.read(uri)) };
}

/** Writes a message of the container on the condition that it still holds the claim. */
async function say(
  ports: WorkerPorts,
  job: JobRecord,
  me: Assignment,
  word: WorkerMessage,
): Promise<boolean> {
  const current = await ports.jobs.get(job.jobId);
  if (current === undefined) return false;
  const context = contextOf(ports, me.batchType);
  const { kind } = await changeJob(ports.jobs, current, (latest) =>
    applyWorkerMessage(latest, me, word, context),
  );
  return kind === 'changed';
}

/** Writes the reason to the record, and returns the exit code that tells AWS Batch and track its class. */
async function complain(
  ports: WorkerPorts,
  job: JobRecord,
  me: Assignment,
  error: unknown,
  signal: AbortSignal,
): Promise<ExitCode> {
  const { reportedFailure, code } = judged(error, signal);
  ports.log.error('job:work:failed', {
    jobId: me.jobId,
    attempt: me.attempt,
    code: reportedFailure.code,
    why: errorName(error),
  });
  ports.stderr.write(errorReport(error));
  await say(ports, job, me, { kind: 'reported_failure', reportedFailure }).catch((failed: unknown) =>
    // The exit code has the same information in short, and must not be lost with the sentence.
    ports.log.error('job:complain:failed', { jobId: me.jobId, why: errorName(failed) }),
  );
  return code;
}

function judged(error: unknown, signal: AbortSignal): { reportedFailure: ReportedFailure; code: ExitCode } {
  if (error instanceof NeverAgain)
    return { reportedFailure: { code: error.code, message: error.message }, code: exitCode.neverAgain };
  if (error instanceof ObjectMissing) {
    const message = 'An object that the input names does not exist in the folder of the tenant.';
    return { reportedFailure: { code: 'input_not_found', message }, code: exitCode.neverAgain };
  }
  if (signal.aborted)
    return {
      reportedFailure: { code: 'try_later', message: 'The container was asked to end.' },
      code: exitCode.tryLater,
    };
  if (error instanceof TryLater)
    return { reportedFailure: { code: 'try_later', message: error.message }, code: exitCode.tryLater };
  // Message and name of an unforeseen error may quote the input, or name what the tenant must not know.
  const message =
    'The program of this job type failed; the operator finds the cause in the log of the attempt.';
  return { reportedFailure: { code: 'exit_code', message }, code: exitCode.failed };
}

function contextOf(ports: WorkerPorts, batchType: string): Context {
  return { nowMs: ports.clock.nowMs(), random: 0, policy: ports.types.get(batchType) ?? withoutType };
}
