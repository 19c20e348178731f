/** A program that has read what Batch jobs were submitted with, and may call `worker-api`. It tries everything but a container's work. */
import { parseBatchJobName } from '../../domain/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { signedText, TASK_LIFETIME_MS, taskText } from '../../domain/worker/tokens.ts';
import type { SendCall } from '../../worker/api.ts';
import { type BatchJob, ticketOf } from './batch.ts';
import type { Run } from './faults.ts';
import { simulatedNonce } from './worker-api.ts';
import type { Process } from './world.ts';

interface Surroundings {
  send(caller: Process): SendCall;
  job(jobId: string): JobRecord | undefined;
}

const NO_RUN = 'dead0000-0000-4000-8000-000000000000';
const FORGED = 'x'.repeat(43);

/** @returns to be told of each Batch job when it is accepted */
export function thief(run: Run, { send, job }: Surroundings): (job: BatchJob) => void {
  const { world } = run;
  const luck = world.dice('thief');

  const at = (work: (process: Process) => Promise<void>, me: Process['container']) =>
    world.after(luck.between(100, luck.pick([5000, 60_000, 400_000])), () => {
      const process = run.process('outside', me);
      world.stir(process);
      work(process).catch(() => undefined);
    });

  /** Good until the container has claimed, and not after. */
  const claim = ({ id, request }: BatchJob) => {
    const named = parseBatchJobName(request.jobName);
    const [ticket, jobId, attempt] = [ticketOf(request), named?.jobId ?? '', named?.attempt ?? 0];
    const { nonce, hash } = simulatedNonce(`thief-${luck.whole(0, 1_000_000)}`);
    const me = { runId: luck.happens(0.8) ? id : NO_RUN, try: luck.whole(1, 3), attempt, nonce: hash };
    at(async (process) => {
      const { runId, try: tryNumber } = me;
      const { status } = await send(process)({ call: 'claim', ticket, runId, try: tryNumber, nonce });
      run.count(`claim of a thief: ${status}`);
      const held = job(jobId)?.claim;
      const isThat = job(jobId)?.attempt === attempt && held?.runId === runId && held.try === tryNumber;
      if (status === 200 && isThat && held.nonce !== hash)
        run.violate('W1', `${process.name} has the token of a claim that is not its own`, jobId);
    }, me);
  };

  const forge = ({ id, request }: BatchJob) => {
    const ticket = ticketOf(request).replace(/[^.]+$/, FORGED);
    const [, keyId = '', jobId = '', attempt] = ticket.split('.');
    const { nonce, hash } = simulatedNonce('a-forger');
    const me = { runId: id, try: 1, attempt: Number(attempt), nonce: hash };
    const expiresAt = world.nowMs() + TASK_LIFETIME_MS;
    const token = signedText(taskText({ ...me, keyId, jobId, expiresAt }), FORGED);
    const call = luck.happens(0.5)
      ? { call: 'claim', ticket, runId: id, try: 1, nonce }
      : { call: 'heartbeat', token };
    at(async (process) => {
      const { status } = await send(process)(call);
      if (status !== 401)
        run.violate('W1', `${process.name} was answered ${status} to a forged ${call.call}`, jobId);
    }, me);
  };

  return (batchJob) => {
    if (!run.strikes('people.thief', luck)) return;
    for (let times = luck.whole(1, 4); times > 0; times--) (luck.happens(0.8) ? claim : forge)(batchJob);
  };
}
