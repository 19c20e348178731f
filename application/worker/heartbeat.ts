/** heartbeat: a container is alive; it reports progress, and gets what it needs to go on. */
import { applyWorkerMessage } from '../../domain/job/claim.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import {
  type Heard,
  type HeartbeatCall,
  type Refused,
  refusal,
  type SignedUpload,
} from '../../domain/worker/calls.ts';
import { keyOf } from '../../domain/worker/names.ts';
import { parseProgress } from '../../domain/worker/results.ts';
import { isHalfSpent, type Task } from '../../domain/worker/tokens.ts';
import { contextOf } from '../batch/follow.ts';
import { changeJob } from '../job/decide-job.ts';
import { urlsOf } from './input.ts';
import type { WorkerApiPorts } from './ports.ts';
import { credentialsOf, holderOf, mintTask } from './task.ts';

/** Each report of progress is a write of the record. */
const PROGRESS_EVERY_MS = 4000;

/** Nothing is signed for a container that does not hold the claim any more. */
export async function heartbeat(ports: WorkerApiPorts, call: HeartbeatCall): Promise<Heard | Refused> {
  const holder = await holderOf(ports, call.token);
  if (holder.kind === 'refused') return holder.answer;
  const { job, task } = holder;
  const urls = await urlsOf(ports, job, call.reads);
  if (urls === undefined)
    return refusal('input_uri_forbidden', "Expected addresses in the tenant's own folder.");
  if (call.progress !== undefined && !(await report(ports, job, task, call.progress)))
    return refusal('progress_invalid', 'Expected an object with done and, if there is more, total and note.');
  return {
    status: 200,
    ...(isHalfSpent(task, ports.clock.nowMs()) ? await renewed(ports, job, task) : {}),
    cancel: job.state === 'cancelling',
    ...(call.reads.length === 0 ? {} : { urls }),
    ...(call.uploads.length === 0 ? {} : { uploads: await sign(ports, job, call.uploads) }),
  };
}

/** Both live for an hour. */
async function renewed(ports: WorkerApiPorts, job: JobRecord, task: Task) {
  return { token: await mintTask(ports, job.jobId, task), ...(await credentialsOf(ports, job, task)) };
}

/** Idempotent: a repeat within a few seconds is not written, and one after that says the same. */
async function report(ports: WorkerApiPorts, job: JobRecord, task: Task, text: string): Promise<boolean> {
  const progress = parseProgress(text);
  if (progress === undefined) return false;
  const since = job.progress?.at ?? 0;
  if (ports.clock.nowMs() - since < PROGRESS_EVERY_MS) return true;
  await changeJob(ports.jobs, job, (current) =>
    applyWorkerMessage(current, task, { kind: 'progressed', progress }, contextOf(ports, current)),
  );
  return true;
}

/** Each URL is good for one object of this try, for the bytes that were named, and once. */
async function sign(
  ports: WorkerApiPorts,
  job: JobRecord,
  uploads: HeartbeatCall['uploads'],
): Promise<SignedUpload[]> {
  const signed: SignedUpload[] = [];
  for (const upload of uploads) {
    const key = keyOf(job, upload.name);
    const { url, headers } = await ports.objects.writeUrl(key, upload);
    signed.push({ name: upload.name, uri: `s3://${ports.bucket}/${key}`, url, headers });
  }
  return signed;
}
