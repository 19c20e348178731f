/** claim: a container becomes the one that does the work of an attempt, and gets its input. */

import { isFunctionRun } from '../../domain/executor/executor.ts';
import { type Container, claim, type RunFacts } from '../../domain/job/claim.ts';
import { resultFolder } from '../../domain/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { type ClaimCall, type Claimed, type Refused, refusal } from '../../domain/worker/calls.ts';
import { parseTicket, type Ticket } from '../../domain/worker/tokens.ts';
import { contextOf } from '../batch/follow.ts';
import { decideJob } from '../job/decide-job.ts';
import { handOver } from '../job/hand-over.ts';
import { nonceHashOf } from '../job/identity.ts';
import { inputOf } from './input.ts';
import type { WorkerApiPorts } from './ports.ts';
import { credentialsOf, mintTask, superseded } from './task.ts';

export const HEARTBEAT_SECONDS = 60;

export async function claimJob(ports: WorkerApiPorts, call: ClaimCall): Promise<Claimed | Refused> {
  const ticket = await genuineTicket(ports, call.ticket);
  if (ticket === undefined)
    return refusal('ticket_invalid', 'Expected the ticket of an attempt of this stack.');
  const { jobId, attempt } = ticket;
  const me = { attempt, runId: call.runId, try: call.try, nonce: nonceHashOf(call.nonce) };
  const stored = await ports.jobs.get(jobId);
  if (stored === undefined) {
    ports.log.error('job:claim:failed', { jobId, attempt, why: 'no_record' });
    return superseded;
  }
  const first = await decide(ports, stored, me);
  if (first.verdict.kind !== 'unproven') return answer(ports, call, me, first);
  const facts = await ports.askRun(first.job, me);
  if (facts.kind === 'asked_lately') return unconfirmed;
  return answer(ports, call, me, await decide(ports, first.job, me, facts));
}

/** AWS Batch may know more of it in a minute; a forged claim is answered like this for ever. */
const unconfirmed = refusal(
  'ask_again',
  'AWS Batch does not confirm this container; it may claim again in a minute.',
);

export async function genuineTicket(
  { keys }: Pick<WorkerApiPorts, 'keys'>,
  given: string,
): Promise<Ticket | undefined> {
  const parsed = parseTicket(given);
  return parsed !== undefined && (await keys.isGenuine('ticket', parsed)) ? parsed.content : undefined;
}

/** Idempotent: a repeat finds its own claim, by its nonce. */
function decide(ports: WorkerApiPorts, seen: JobRecord, me: Container, facts?: RunFacts) {
  return decideJob(ports.jobs, seen, (current) => {
    const verdict = claim(current, me, contextOf(ports, current), facts);
    return { verdict, next: verdict.kind === 'claim' ? verdict.next : undefined };
  });
}

async function answer(
  ports: WorkerApiPorts,
  call: ClaimCall,
  me: Container,
  { job, verdict }: Awaited<ReturnType<typeof decide>>,
): Promise<Claimed | Refused> {
  const facts = { jobId: job.jobId, attempt: me.attempt, runId: me.runId };
  const why = verdict.kind === 'superseded' ? verdict.why : undefined;
  ports.log.info(`job:claim:${verdict.kind === 'claim' ? 'done' : verdict.kind}`, { ...facts, why });
  if (verdict.kind === 'unproven') return unconfirmed;
  if (verdict.kind === 'superseded') return superseded;
  // AWS Batch reports that a container runs, and track publishes it. Of a run on Lambda this is the only word.
  if (isFunctionRun(me.runId)) await handOver(ports, [job]);
  return {
    status: 200,
    token: await mintTask(ports, job.jobId, me),
    heartbeatSeconds: HEARTBEAT_SECONDS,
    jobId: job.jobId,
    attempt: job.attempt,
    jobType: job.jobType,
    folder: `s3://${ports.bucket}/${resultFolder(job, me)}`,
    ...(await inputOf(ports, job, call.as)),
    ...(await credentialsOf(ports, job, me)),
  };
}
