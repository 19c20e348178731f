/** The holder of a task token, and the record that it speaks about. */

import { type Container, holds } from '../../domain/job/claim.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { type Claimed, type Refused, refusal } from '../../domain/worker/calls.ts';
import { isExpired, parseTask, TASK_LIFETIME_MS, type Task, taskText } from '../../domain/worker/tokens.ts';
import type { WorkerApiPorts } from './ports.ts';

export type Holder =
  | { readonly kind: 'known'; readonly task: Task; readonly job: JobRecord }
  | { readonly kind: 'refused'; readonly answer: Refused };

/** A genuine token, and a record; whether the claim is still the container's is for the call to ask. */
export async function taskOf(ports: WorkerApiPorts, token: string): Promise<Holder> {
  const parsed = parseTask(token);
  const genuine = parsed !== undefined && (await ports.keys.isGenuine('task', parsed));
  if (!genuine || isExpired(parsed.content, ports.clock.nowMs())) {
    const message = 'Expected the task token of a claim of this stack, within an hour of its making.';
    return { kind: 'refused', answer: refusal('task_token_invalid', message) };
  }
  const job = await ports.jobs.get(parsed.content.jobId);
  if (job === undefined) return { kind: 'refused', answer: superseded };
  return { kind: 'known', task: parsed.content, job };
}

/** @throws what the table does */
export async function holderOf(ports: WorkerApiPorts, token: string): Promise<Holder> {
  const found = await taskOf(ports, token);
  if (found.kind === 'refused' || holds(found.job, found.task)) return found;
  return { kind: 'refused', answer: superseded };
}

/** For every other container alike: nothing is said about the job. */
export const superseded = refusal(
  'superseded',
  'Another container does the work, or it is no longer needed.',
);

export function mintTask(ports: WorkerApiPorts, jobId: string, me: Container): Promise<string> {
  const expiresAt = ports.clock.nowMs() + TASK_LIFETIME_MS;
  return ports.keys.sign('task', (keyId) => taskText({ ...me, jobId, keyId, expiresAt }));
}

/** Nothing but an end of their hour ends them, so they are for those alone whose operator has asked for them. */
export async function credentialsOf(
  { types, lendCredentials }: Pick<WorkerApiPorts, 'types' | 'lendCredentials'>,
  job: JobRecord,
  me: Container,
): Promise<Pick<Claimed, 'credentials'>> {
  if (types.get(job.jobType)?.scopedCredentials !== true) return {};
  return { credentials: await lendCredentials(job, me) };
}
