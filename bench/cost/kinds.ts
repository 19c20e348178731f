/** The kinds of jobs whose cost is counted, and one run of many jobs of a kind. */
import * as z from 'zod';
import type { JobType } from '../../domain/job/job-type.ts';
import { defineJobTypes } from '../../domain/job/registry.ts';
import type { PublishedEvents } from '../../domain/webhook/notification.ts';
import { type Counts, perJob } from './meter.ts';
import { openPipeline } from './pipeline.ts';
import type { Container } from './virtual-batch.ts';

const JOB_TYPE = 'bench.text';
const types = defineJobTypes([
  {
    id: JOB_TYPE,
    summary: 'Has an input of some size.',
    input: z.strictObject({ text: z.string() }),
    container: {
      image: { architecture: 'arm64', folder: 'bench' },
      command: ['true'],
      size: { vcpus: 0.25, memoryMiB: 512 },
    },
    queue: 'standard',
    timeoutSeconds: { default: 600, max: 3600 },
    retry: { maxAttempts: 2, backoff: { initialSeconds: 10, factor: 1, maxSeconds: 10 } },
    exitCodes: { 0: 'done', 64: 'never_again', 75: 'try_later' },
    promisesResult: false,
  } satisfies JobType,
]);

interface Kind {
  readonly container: Container;
  readonly fields: object;
  /** The cancel is sent while the container runs. */
  readonly cancelledAfterMs?: number;
}

const RUN_MS = 30_000;
const done: Container = { exitCodes: [0], runMs: RUN_MS };

export const kinds = {
  plain: { container: done, fields: {} },
  delayed: { container: done, fields: { delaySeconds: 60 } },
  retried: { container: { exitCodes: [75, 0], runMs: RUN_MS }, fields: {} },
  failed: { container: { exitCodes: [64], runMs: RUN_MS }, fields: {} },
  cancelled: { container: done, fields: {}, cancelledAfterMs: 10_000 },
} satisfies Record<string, Kind>;
export type KindName = keyof typeof kinds;

export interface Case {
  readonly kind: KindName;
  readonly batchSize: number;
  /** Of the record when the job has ended, as if it were one item. */
  readonly recordBytes: number;
  /** Of the tenant; 0 is none. */
  readonly cap: number;
  readonly published: PublishedEvents;
  /** Absent: it does. */
  readonly recordsRunning?: boolean;
  /** The rate limit of AWS Batch; absent: no job waits for its turn. */
  readonly callsPerSecond?: number;
  /** Jobs of the tenant that asked for a turn in the rate limit before; absent: none. */
  readonly backlog?: number;
}

const TENANT = 'acme';
/** What a record has beside its input, when its job has ended. */
const RECORD_BYTES_WITHOUT_INPUT = 640;
const SANDBOXES = 3;
const PLENTY = 1000;
/** By then each job behind a backlog has had its turn. */
const AFTER_BACKLOG_MS = 180_000;

/** @returns the counts of one job */
export async function costOf(one: Case): Promise<Counts> {
  const {
    kind,
    batchSize,
    recordBytes,
    cap,
    published,
    recordsRunning = true,
    callsPerSecond = PLENTY,
    backlog = 0,
  } = one;
  const { container, fields, cancelledAfterMs }: Kind = kinds[kind];
  const jobs = batchSize === 1 ? 8 : 5 * batchSize;
  const tenant = { tenantId: TENANT, status: 'active' } as const;
  const pipeline = await openPipeline({
    tenant,
    cap,
    types,
    published,
    recordsRunning,
    batchSize,
    callsPerSecond,
    container,
    sandboxes: SANDBOXES,
  });
  const send = async (names: readonly string[], throughMs?: number) => {
    for (const idempotencyKey of names) {
      const text = textOf(recordBytes - RECORD_BYTES_WITHOUT_INPUT, idempotencyKey);
      const job = { specVersion: '1', tenantId: TENANT, jobType: JOB_TYPE, idempotencyKey };
      pipeline.send({ ...job, input: { text }, ...fields });
      if (cancelledAfterMs === undefined) continue;
      const cancel = { specVersion: '1', action: 'job.cancel', tenantId: TENANT, idempotencyKey };
      pipeline.send(cancel, pipeline.nowMs() + cancelledAfterMs);
    }
    await pipeline.settle(throughMs);
  };
  const named = (i: number) => `order-${String(i).padStart(6, '0')}`;
  try {
    // A sandbox lives for thousands of jobs: what it asks for once is no part of a job's cost.
    for (let i = 0; i < SANDBOXES; i += 1) await send([named(jobs + i)]);
    const throughMs = backlog === 0 ? undefined : AFTER_BACKLOG_MS + (await pipeline.holdBacklog(backlog));
    pipeline.reset();
    await send(
      Array.from({ length: jobs }, (_, i) => named(i)),
      throughMs,
    );
    return perJob(pipeline.counts, jobs);
  } finally {
    await pipeline.close();
  }
}

const WORDS =
  'invoice customer region north quarter total amount shipped pending colour weight label import export row'.split(
    ' ',
  );

/** Words and numbers, as an input has them: neither a repetition nor noise. */
function textOf(bytes: number, seed: string): string {
  let state = [...seed].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  let text = '';
  while (text.length < bytes) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += `${WORDS[(state >>> 8) % WORDS.length]} ${state % 10_000} `;
  }
  return text.slice(0, Math.max(1, bytes));
}
