/** What a person sees of the jobs that a fault meets. */
import { explainWait } from '../../application/resources/explain-wait.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { waitView } from '../../domain/reading/wait-view.ts';
import { systemClock } from '../../io/process/clock.ts';
import { gateStore } from '../../io/table/gates.ts';
import { groupStore } from '../../io/table/group/groups.ts';
import { jobStore } from '../../io/table/jobs.ts';
import type { Table } from '../../io/table/table.ts';
import { waitingStore } from '../../io/table/waiting.ts';
import type { Received } from '../inbox.ts';
import type { RunsFor } from './scenarios.ts';

/** As `headgate job why` says it: what it waits for, and how its attempts ended. */
export function whyLines(items: Table): (job: JobRecord) => Promise<string> {
  const ports = {
    jobs: jobStore(items),
    groups: groupStore(items),
    gates: gateStore(items),
    waiting: waitingStore(items),
    clock: systemClock,
    defaultCap: 0,
  };
  return async (job) => {
    const { text } = waitView(job, await explainWait(ports, job), 'operator');
    const ends = job.endedAttempts.map(
      ({ attempt, failure }) =>
        `attempt ${attempt} ended ${failure === undefined ? 'well' : `with ${failure.code}`}`,
    );
    return [text, ...ends].join('; ');
  };
}

/** A webhook may be sent again under its id, which is how a receiver knows it. */
export function endsTold(received: readonly Received[], jobId: string): number {
  const ends = received.filter(
    ({ event }) =>
      event?.data.jobId === jobId && /^job\.(succeeded|failed|cancelled|expired)$/.test(event.type),
  );
  return new Set(ends.map(({ webhookId }) => webhookId)).size;
}

/**
 * @param index of the job among those of its fault
 * @param csv for a job that its type puts on Spot; the others are any image with a command
 */
export function bodyOf(
  tenantId: string,
  idempotencyKey: string,
  index: number,
  { onSpot, seconds = 0, secondsApart = 0 }: RunsFor,
  csv: string,
) {
  const longer = { seconds: seconds + index * secondsApart };
  const [jobType, input] = onSpot ? ['csv.summarise', { csv }] : ['demo.sleep', longer];
  return { specVersion: '1', tenantId, jobType, idempotencyKey, input };
}
