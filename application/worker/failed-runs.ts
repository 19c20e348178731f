/** Woken by what Lambda says of events on which a function failed: the backstop of runs that could not tell their end. */
import { advance } from '../../domain/job/advance.ts';
import { endedByRecord, FailedRun } from '../../domain/worker/run-end.ts';
import type { MessageBatch } from '../../io/aws/lambda.ts';
import { contextOf } from '../batch/follow.ts';
import { changeJob } from '../job/decide-job.ts';
import { eachAlone, jsonOf } from '../messages.ts';
import { genuineTicket } from './claim-job.ts';
import { handOverEnd } from './end-of-work.ts';
import type { WorkerApiPorts } from './ports.ts';

/**
 * A message that cannot be read is dropped, and not kept for people: it holds a ticket and what a program threw, and whatever it was
 * about is found when the time of its run is over.
 */
export function failedRuns(ports: WorkerApiPorts): MessageBatch {
  return async (messages) => {
    const read = messages.map((message) => ({ message, run: FailedRun.safeParse(jsonOf(message.body)) }));
    const heard = await eachAlone(read, ports.log, async ({ message: { id }, run }) => {
      if (run.success) await hear(ports, run.data);
      else ports.log.error('run:hear:failed', { messageId: id, why: 'unreadable' });
      return id;
    });
    return new Set(heard);
  };
}

/**
 * What Lambda says of an event that failed. Idempotent: an attempt that is over is left as it is, and its end is handed over again.
 */
async function hear(ports: WorkerApiPorts, run: FailedRun): Promise<void> {
  const ticket = await genuineTicket(ports, run.ticket);
  // The function itself may send here, and so may a program that has taken it over.
  if (ticket === undefined) return ports.log.error('run:hear:failed', { why: 'ticket_invalid' });
  const { jobId, attempt } = ticket;
  const seen = await ports.jobs.get(jobId);
  if (seen === undefined) return;
  const { kind, job } = await changeJob(ports.jobs, seen, (current) => {
    const end = endedByRecord(current, attempt, run, ports.clock.nowMs());
    return end && advance(current, end, contextOf(ports, current));
  });
  const why = run.isExpired ? 'expired' : run.failure.code;
  ports.log.info(`run:hear:${kind}`, { jobId, attempt, runId: run.runId, why });
  if (job.runId === run.runId) await handOverEnd(ports, job);
}
