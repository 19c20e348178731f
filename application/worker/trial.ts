/**
 * One attempt of a program without a queue, a table and AWS Batch: the real `worker-api` over a record in memory, and the decision on
 * the end of a container that `track` makes.
 */
import { classifyReport, parseReport } from '../../domain/batch/report.ts';
import { advance } from '../../domain/job/advance.ts';
import { acceptedOrder } from '../../domain/job/attempt.ts';
import { batchJobName } from '../../domain/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobType } from '../../domain/job/job-type.ts';
import type { Progress, ReportedFailure } from '../../domain/job/lifecycle.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import { newJob } from '../../domain/request/admission.ts';
import type { JobRequest } from '../../domain/request/request.ts';
import { ticketText } from '../../domain/worker/tokens.ts';
import type { SignedObjects } from '../../io/aws/signed-objects.ts';
import type { WorkerKeys } from '../../io/aws/worker-keys.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Random } from '../../io/process/random.ts';
import { contextOf } from '../batch/follow.ts';
import { fingerprintOf, jobIdOf } from '../job/identity.ts';
import type { WorkerApiPorts } from './ports.ts';
import { type WorkerApi, workerApi } from './worker-api.ts';

export interface TrialPorts {
  readonly keys: WorkerKeys;
  readonly objects: SignedObjects;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface Tried {
  readonly tenantId: string;
  readonly bucket: string;
  readonly type: JobType;
  /** Checked before. */
  readonly input: NonNullable<JobRequest['input']>;
  /** In the form of a Batch job's id. */
  readonly runId: string;
}

/** What `worker-api` was told: each once. */
export type Told =
  | { readonly kind: 'claimed' }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'reported'; readonly failure: ReportedFailure }
  | { readonly kind: 'committed' };

/** How a container ended, in the words of AWS Batch. */
export interface ContainerEnd {
  readonly exitCode: number;
  readonly startedAtMs: number;
  readonly hasTimedOut: boolean;
}

export interface Trial {
  readonly ticket: string;
  readonly call: WorkerApi;
  job(): JobRecord;
  /** @returns the record as it is after the end of the container */
  end(end: ContainerEnd): JobRecord;
}

const TRIAL_CREDENTIALS = {
  accessKeyId: 'trial',
  secretAccessKey: 'trial',
  sessionToken: 'trial',
  expiresAt: '2999-01-01T00:00:00.000Z',
};

export async function openTrial(
  ports: TrialPorts,
  { tenantId, bucket, type, input, runId }: Tried,
  onTold: (told: Told) => void,
): Promise<Trial> {
  let job = submitted(ports, { tenantId, type, input, runId });
  const { jobId, attempt } = job;
  const jobs: WorkerApiPorts['jobs'] = {
    get: async () => job,
    whole: async () => job,
    async replace(seen, next) {
      if (seen.version !== job.version) return 'lost';
      const before = job;
      // What worker-api changes never takes a part away.
      job = next as WholeJob;
      for (const told of toldBetween(before, next)) onTold(told);
      return 'written';
    },
  };
  const all: WorkerApiPorts = {
    ...ports,
    jobs,
    bucket,
    types: new Map([[type.id, type]]),
    resultDays: 1,
    // The record knows the only container that there is.
    askRun: async () => ({ kind: 'unknown' }),
    // Of the trial's own door, which refuses every service of AWS.
    lendCredentials: async () => TRIAL_CREDENTIALS,
    bus: { publish: async () => undefined },
    submitQueue: { send: async () => undefined },
    pricing: { region: 'us-east-1', spotFactor: 1 },
  };
  return {
    ticket: await ports.keys.sign('ticket', (keyId) => ticketText({ keyId, jobId, attempt })),
    call: workerApi(all),
    job: () => job,
    end(end) {
      const found = observationOf(job, runId, end, { type, nowMs: ports.clock.nowMs() });
      const next = found && advance(job, found, contextOf(all, job));
      return next ?? job;
    },
  };
}

function submitted(
  { clock }: Pick<TrialPorts, 'clock'>,
  { tenantId, type, input, runId }: Omit<Tried, 'bucket'>,
): WholeJob {
  const idempotencyKey = 'trial';
  const request: JobRequest = { specVersion: '1', tenantId, jobType: type.id, input };
  const identity = {
    jobId: jobIdOf(tenantId, idempotencyKey),
    idempotencyKey,
    fingerprint: fingerprintOf(request),
  };
  const { waitReason: _, ...accepted } = newJob(request, identity, clock.nowMs());
  return { ...accepted, state: 'submitted', calls: 1, runId, order: acceptedOrder };
}

function toldBetween(before: JobRecord, after: JobRecord): readonly Told[] {
  const { claim, progress, reportedFailure, result } = after;
  return [
    ...(claim !== undefined && before.claim === undefined ? [{ kind: 'claimed' } as const] : []),
    ...(progress !== undefined && progress.at !== before.progress?.at
      ? [{ kind: 'progress', progress } as const]
      : []),
    ...(reportedFailure !== undefined && reportedFailure !== before.reportedFailure
      ? [{ kind: 'reported', failure: reportedFailure } as const]
      : []),
    ...(result !== undefined && before.result === undefined ? [{ kind: 'committed' } as const] : []),
  ];
}

/** @see domain/job/failure.ts for the texts */
function observationOf(
  job: JobRecord,
  runId: string,
  { exitCode, startedAtMs, hasTimedOut }: ContainerEnd,
  { type, nowMs }: { readonly type: JobType; readonly nowMs: number },
) {
  const parsed = parseReport({
    kind: 'batch_job',
    detail: {
      jobId: runId,
      jobName: batchJobName(job.jobId, job.attempt),
      status: exitCode === 0 && !hasTimedOut ? 'SUCCEEDED' : 'FAILED',
      statusReason: hasTimedOut
        ? 'Job attempt duration exceeded timeout'
        : 'Essential container in task exited',
      startedAt: startedAtMs,
      stoppedAt: nowMs,
      attempts: [{ startedAt: startedAtMs, stoppedAt: nowMs }],
      container: { exitCode },
    },
  });
  if (parsed.kind === 'ignored') return undefined;
  const found = classifyReport(job, parsed.report, type, nowMs);
  return found.kind === 'news' ? found.observation : undefined;
}
