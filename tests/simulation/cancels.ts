/** The cancels that were sent and acknowledged, and what they must have done. */
import { childIdOf, jobIdOf } from '../../application/job/identity.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import { parseRequest } from '../../domain/request/request.ts';
import type { Message, MessageBatch } from '../../io/aws/lambda.ts';
import type { Run } from './faults.ts';

/** Written again here, so that a wrong figure in the product is seen. */
const LASTS_MS = 15 * 60_000;

export interface Cancels {
  /** Whether a tenant has asked for the end of this job, or of one that it is a redrive of. */
  asked(job: JobRecord): boolean;
  /** Until when its cancel must still find the job. */
  untilMs(job: JobRecord): number;
  /** A cancel begins. What it must have done is checked when it is acknowledged. */
  hear(cancel: { readonly tenantId: string; readonly jobId: string }): { acknowledged(): void };
  /** An operator cancels jobs of a tenant, whichever there are. */
  hearOfAll(tenantId: string): void;
  /** Intake, watched: what a cancel must have done is checked when it is acknowledged. */
  watch(handle: MessageBatch): MessageBatch;
}

export function cancels(run: Run, jobOf: (jobId: string) => JobRecord | undefined): Cancels {
  const received = new Set<string>();
  const inBulk = new Set<string>();
  const until = new Map<string, number>();
  const nameOf = (tenantId: string, jobId: string) => `${tenantId} ${jobId}`;

  /** The job that was sent: a redrive has its name. */
  const first = (job: JobRecord): JobRecord => {
    const parent = job.parent === undefined ? undefined : jobOf(job.parent);
    return parent === undefined ? job : first(parent);
  };
  /** The newest job of a name: the one that is there under the id, or the last of its redrives. */
  const newest = (jobId: string): JobRecord | undefined => {
    const job = jobOf(jobId);
    return job === undefined ? undefined : (newest(childIdOf(jobId)) ?? job);
  };

  const cancelIn = ({ body }: Message) => {
    const parsed = parseRequest(body);
    if (parsed.kind !== 'cancel') return undefined;
    const { tenantId, idempotencyKey, jobId = jobIdOf(tenantId, idempotencyKey ?? '') } = parsed.cancel;
    return { tenantId, jobId };
  };

  const hear: Cancels['hear'] = ({ tenantId, jobId }) => {
    const name = nameOf(tenantId, jobId);
    const atMs = run.world.nowMs();
    received.add(name);
    return {
      acknowledged() {
        until.set(name, Math.max(until.get(name) ?? 0, atMs + LASTS_MS));
        const job = newest(jobId);
        if (job?.tenantId !== tenantId || isFinal(job.state) || job.state === 'cancelling') return;
        run.violate('2.10', `${job.jobId} is ${job.state} after its cancel was acknowledged`, job.jobId);
      },
    };
  };

  return {
    asked: (job) => inBulk.has(job.tenantId) || received.has(nameOf(job.tenantId, first(job).jobId)),
    untilMs: (job) => until.get(nameOf(job.tenantId, first(job).jobId)) ?? 0,
    hear,
    hearOfAll: (tenantId) => void inBulk.add(tenantId),
    watch: (handle) => async (messages) => {
      const asked = messages.flatMap((message) => {
        const cancel = cancelIn(message);
        return cancel === undefined ? [] : [{ message, heard: hear(cancel) }];
      });
      const done = await handle(messages);
      for (const { message, heard } of asked) if (done.has(message.id)) heard.acknowledged();
      return done;
    },
  };
}
