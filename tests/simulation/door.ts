/**
 * The other way in: a service that submits and cancels over HTTP, by the use cases of the API. An answer may be lost and the
 * sandbox may die before it gives one, so the service asks again with the same key, and hears of one job.
 */
import { cancelJob } from '../../application/resources/cancel-job.ts';
import { type SubmitJobPorts, submitJob } from '../../application/resources/submit-job.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { parseSubmission } from '../../domain/request/request.ts';
import type { Cancels } from './cancels.ts';
import type { Run } from './faults.ts';
import { FAULTS_END_MS } from './profiles.ts';
import { type Process, START_MS } from './world.ts';

/** What the door does its work with. */
export type DoorPorts = SubmitJobPorts & Parameters<typeof cancelJob>[0];

export interface Door {
  /** @param body the message of the front queue, with its tenant and its key */
  submit(jobId: string, body: string): void;
  cancel(jobId: string, tenantId: string): void;
}

interface World {
  portsFor(process: Process): DoorPorts;
  job(jobId: string): JobRecord | undefined;
  readonly cancelled: Cancels;
  /** Told of each job that was answered with its id: it must be there at the end. */
  answered(jobId: string): void;
}

/** A client gives up waiting, and asks again. */
const PATIENCE_MS = 30_000;

export function door(run: Run, { portsFor, job, cancelled, answered }: World): Door {
  const { world } = run;
  const made = new Map<string, string>();
  let requests = 0;

  /** Until there is an answer, however often the request is lost. A refusal is asked about again until the faults are over. */
  function ask(
    what: string,
    jobId: string,
    request: (ports: DoorPorts, requestId: string) => Promise<'done' | 'refused'>,
  ) {
    world.stir();
    const process = run.process('outside');
    const requestId = `req_${++requests}`;
    let isOver = false;
    const again = (why: string) => {
      if (isOver) return;
      isOver = true;
      run.count(`door: ${why}`);
      run.note('service', () => `${what} again: ${why}`, jobId);
      ask(what, jobId, request);
    };
    run.note(process.name, () => what, jobId);
    request(portsFor(process), requestId).then(
      (outcome) => {
        // An answer after the service has given up is not heard.
        if (isOver) return;
        isOver = true;
        if (outcome === 'done' || world.nowMs() > START_MS + FAULTS_END_MS * 1.5) return;
        run.count('door: refused');
        world.after(PATIENCE_MS * 2, () => ask(what, jobId, request));
      },
      () => world.after(1000, () => again('answered by try_again')),
    );
    world.after(PATIENCE_MS, () => again('no answer'));
  }

  return {
    submit(jobId, message) {
      const { tenantId, ...request } = JSON.parse(message);
      const body = JSON.stringify(request);
      ask(`submits ${message}`, jobId, async (ports, requestId) => {
        const parsed = parseSubmission(body, { tenantId, idempotencyKey: undefined });
        const done = await submitJob(ports)(requestId, parsed);
        if (done.kind === 'refused') {
          // Of a key with another body only one is a job, and there is nothing to wait for.
          if (done.problem.code === 'idempotency_conflict') return 'done';
          return 'refused';
        }
        if (done.job.jobId !== jobId || job(jobId) === undefined)
          run.violate('2.12', `${done.job.jobId} was answered and ${jobId} has no record`, jobId);
        if (done.kind === 'created' && made.has(jobId))
          run.violate('2.12', `${jobId} was made by ${made.get(jobId)} and by ${requestId}`, jobId);
        if (done.kind === 'created') made.set(jobId, requestId);
        run.count(`door: ${done.kind}`);
        answered(jobId);
        return 'done';
      });
    },

    cancel(jobId, tenantId) {
      // A job that is not there is not found: this door leaves no tombstone.
      const there = job(jobId);
      if (there === undefined || there.tenantId !== tenantId) return;
      ask(`cancels ${jobId}`, jobId, async (ports) => {
        const heard = cancelled.hear({ tenantId, jobId });
        await cancelJob(ports, there);
        heard.acknowledged();
        run.count('door: cancelled');
        return 'done';
      });
    },
  };
}
