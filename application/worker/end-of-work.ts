/**
 * complete and fail: what came of the work of an attempt. The end of the attempt itself is AWS Batch's to report; on Lambda it is this.
 */

import { hasEndedRun, isFunctionRun } from '../../domain/executor/executor.ts';
import { applyWorkerMessage, type Container, isHolder, type WorkerMessage } from '../../domain/job/claim.ts';
import { isUnsettled, type JobRecord, type Result } from '../../domain/job/job.ts';
import { withoutType } from '../../domain/job/job-type.ts';
import { bytesOf } from '../../domain/size.ts';
import {
  type CompleteCall,
  type Done,
  type FailCall,
  type Refused,
  refusal,
} from '../../domain/worker/calls.ts';
import { keyOf, type NamedObject } from '../../domain/worker/names.ts';
import { inlineResult, MAX_INLINE_BYTES, MAX_RESULT_BYTES, reportedBy } from '../../domain/worker/results.ts';
import { endedBadly, endedWell } from '../../domain/worker/run-end.ts';
import { contextOf } from '../batch/follow.ts';
import { changeJob } from '../job/decide-job.ts';
import { handOver } from '../job/hand-over.ts';
import type { WorkerApiPorts } from './ports.ts';
import { holderOf, superseded, taskOf } from './task.ts';

const done: Done = { status: 200 };
const DAY_MS = 86_400_000;

/** Idempotent: the first result stays, and a repeat after a lost answer finds it, even if the job has ended by then. */
export async function complete(ports: WorkerApiPorts, call: CompleteCall): Promise<Done | Refused> {
  const found = await taskOf(ports, call.token);
  if (found.kind === 'refused') return found.answer;
  const { task } = found;
  if (isHolder(found.job, task) && found.job.result !== undefined) {
    await handOverEnd(ports, found.job);
    return done;
  }
  const holder = await holderOf(ports, call.token);
  if (holder.kind === 'refused') return holder.answer;
  const result = await resultOf(ports, holder.job, call);
  if ('status' in result) return result;
  const { job } = await changeJob(ports.jobs, holder.job, (current) =>
    current.result === undefined
      ? applyWorkerMessage(current, task, committed(ports, current, task, result), contextOf(ports, current))
      : undefined,
  );
  const isCommitted = isHolder(job, task) && job.result !== undefined;
  ports.log.info(`result:commit:${isCommitted ? 'done' : 'superseded'}`, {
    jobId: job.jobId,
    attempt: task.attempt,
  });
  await handOverEnd(ports, job);
  return isCommitted ? done : superseded;
}

/** The end of a container is AWS Batch's to report. That of a run on Lambda is its own: it has ended with its result. */
function committed(
  ports: WorkerApiPorts,
  job: JobRecord,
  { runId }: Container,
  result: Result,
): WorkerMessage {
  if (!isFunctionRun(runId)) return { kind: 'committed', result };
  return endedWell(job, { runId, endedAt: ports.clock.nowMs() }, result);
}

/** What follows from the end of an attempt is the submit step's, which has the rights for it. */
export async function handOverEnd(ports: WorkerApiPorts, job: JobRecord): Promise<void> {
  if (isFunctionRun(job.runId) && (isUnsettled(job) || hasEndedRun(job))) await handOver(ports, [job]);
}

async function resultOf(
  ports: WorkerApiPorts,
  job: JobRecord,
  call: CompleteCall,
): Promise<Result | Refused> {
  for (const object of [...call.objects, ...(call.object === undefined ? [] : [call.object])]) {
    if (!(await ports.objects.has(keyOf(job, object.name), object)))
      return refusal(
        'object_missing',
        `Expected ${object.name} with the bytes and the hash that were named.`,
      );
  }
  if (call.object !== undefined) return behind(ports, job, call.object);
  const text = call.result ?? 'null';
  if (bytesOf(text) > MAX_INLINE_BYTES)
    return refusal(
      'result_too_large',
      `Expected at most ${MAX_INLINE_BYTES} bytes; a larger result is an object.`,
    );
  return (
    inlineResult(text) ?? refusal('result_invalid', 'Expected JSON that an item of the table keeps as it is.')
  );
}

/** A small result is in the record, whichever way it came. */
async function behind(ports: WorkerApiPorts, job: JobRecord, object: NamedObject): Promise<Result | Refused> {
  const { name, bytes, sha256 } = object;
  if (bytes > MAX_RESULT_BYTES)
    return refusal('result_too_large', `Expected at most ${MAX_RESULT_BYTES} bytes, found ${bytes}.`);
  const key = keyOf(job, name);
  const inline = bytes > MAX_INLINE_BYTES ? undefined : inlineResult(await ports.objects.text(key));
  const expiresAt = ports.clock.nowMs() + ports.resultDays * DAY_MS;
  return inline ?? { object: `s3://${ports.bucket}/${key}`, bytes, sha256, expiresAt };
}

/** Idempotent: a repeat says the same. */
export async function fail(ports: WorkerApiPorts, call: FailCall): Promise<Done | Refused> {
  const holder = await holderOf(ports, call.token);
  if (holder.kind === 'refused') return holder.answer;
  const { job } = await changeJob(ports.jobs, holder.job, (current) =>
    applyWorkerMessage(
      current,
      holder.task,
      failed(ports, current, holder.task, call),
      contextOf(ports, current),
    ),
  );
  await handOverEnd(ports, job);
  return isHolder(job, holder.task) ? done : superseded;
}

function failed(ports: WorkerApiPorts, job: JobRecord, { runId }: Container, call: FailCall): WorkerMessage {
  const reported = reportedBy(call.code, call.message);
  if (!isFunctionRun(runId)) return { kind: 'reported_failure', reportedFailure: reported };
  const { exitCodes } = ports.types.get(job.jobType) ?? withoutType;
  const run = { runId, endedAt: ports.clock.nowMs() };
  return endedBadly(job, run, { exit: call.exit ?? 1, reported, exitCodes });
}
