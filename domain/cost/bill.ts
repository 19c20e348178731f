/**
 * What one attempt costs by the list prices of AWS: an estimate, without discounts, data transfer and taxes.
 *
 * Fargate bills from the pull of the image to the end, by the second and at least a minute for each task; each Batch try is a
 * task. @see https://aws.amazon.com/fargate/pricing, "Pricing details"
 *
 * An instance of EC2 is estimated for as long as the job has it. Its start, and its time without a job, are not in the estimate.
 */
import type { Size } from '../container/container.ts';
import { endings, type JobRecord } from '../job/job.ts';
import type { JobType } from '../job/job-type.ts';
import { memoryAfter, queueAfter } from '../job/retry.ts';
import { type Pricing, pricesIn } from './prices.ts';

/** One task, as AWS Batch tells of it. One that was never started has no image to pay for. */
export interface BilledTry {
  readonly beganAt?: number | undefined;
  readonly endedAt?: number | undefined;
}

/** What an attempt had to run on. */
export interface Machine extends Pick<Size, 'vcpus' | 'memoryMiB'> {
  readonly kind: 'fargate' | 'fargate_spot' | 'lambda';
  readonly architecture: 'arm64' | 'x86_64';
  /** Of an instance of EC2, which a job has to itself: its own price, and not that of its size. */
  readonly usdPerHour?: number | undefined;
}

export interface Bill {
  readonly usdMicro: number;
  readonly billedSeconds: number;
}

const LEAST_SECONDS = 60;

export function billOf(machine: Machine, tries: readonly BilledTry[], pricing: Pricing): Bill {
  const { fargate, lambda } = pricesIn(pricing.region);
  const gib = machine.memoryMiB / 1024;
  if (machine.usdPerHour !== undefined) {
    const billedSeconds = sum(tries.map((each) => Math.ceil(lengthOf(each) / 1000)));
    return { billedSeconds, usdMicro: Math.round((machine.usdPerHour * 1_000_000 * billedSeconds) / 3600) };
  }
  if (machine.kind === 'lambda') {
    const billedSeconds = sum(tries.map((each) => lengthOf(each) / 1000));
    const requests = tries.length * lambda.request;
    return { billedSeconds, usdMicro: Math.round(billedSeconds * gib * lambda.gibSecond + requests) };
  }
  const billedSeconds = sum(tries.map(billedSecondsOf));
  const { vcpuHour, gibHour } = fargate[machine.architecture];
  const factor = machine.kind === 'fargate_spot' ? pricing.spotFactor : 1;
  const perSecond = (machine.vcpus * vcpuHour + gib * gibHour) / 3600;
  return { billedSeconds, usdMicro: Math.round(perSecond * billedSeconds * factor) };
}

function billedSecondsOf(task: BilledTry): number {
  if (task.beganAt === undefined) return 0;
  return Math.max(LEAST_SECONDS, Math.ceil(lengthOf(task) / 1000));
}

/** Clocks of different machines may disagree, and none of them works backwards. */
function lengthOf({ beganAt, endedAt }: BilledTry): number {
  return beganAt === undefined || endedAt === undefined ? 0 : Math.max(0, endedAt - beganAt);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

/** The machine of the attempt that a job is at: the same size and queue with which it was submitted. */
export function machineOf(job: JobRecord, type: JobType, runId: string | undefined): Machine {
  const { size, image, instances } = type.container;
  const before = endings(job);
  const economy = queueAfter(type, before) === 'economy';
  return {
    kind: runId?.startsWith('lambda:') === true ? 'lambda' : economy ? 'fargate_spot' : 'fargate',
    architecture: image.architecture,
    vcpus: size.vcpus,
    memoryMiB: memoryAfter(size, before) ?? size.memoryMiB,
    ...(instances === undefined ? {} : { usdPerHour: instances.usdPerHour }),
  };
}

/** The end of an attempt, as its record and the last report of AWS Batch have it. */
export interface EndOfAttempt {
  readonly runId?: string | undefined;
  /** When its last task began to pull the image, if a report said so. */
  readonly startingAt?: number | undefined;
  readonly startedAt?: number | undefined;
  readonly endedAt: number;
  /** All its tasks, when AWS Batch names their times. */
  readonly tries?:
    | readonly { readonly startedAt?: number | undefined; readonly stoppedAt?: number | undefined }[]
    | undefined;
  /** Its end was not reported: `endedAt` is when it was given up. */
  readonly isLost?: boolean;
}

export function billOfAttempt(job: JobRecord, type: JobType, end: EndOfAttempt, pricing: Pricing): Bill {
  return billOf(machineOf(job, type, end.runId), triesOf(job, type, end), pricing);
}

function triesOf(job: JobRecord, type: JobType, end: EndOfAttempt): BilledTry[] {
  const earlier = (end.tries ?? [])
    .slice(0, -1)
    .map(({ startedAt, stoppedAt }) => ({ beganAt: startedAt, endedAt: stoppedAt }));
  const { startedAt, startingAt = startedAt } = end;
  // The report that the last task was starting may be lost, and then an earlier one's is on the record.
  const isOfLast = (startingAt ?? 0) >= (earlier.at(-1)?.endedAt ?? 0);
  const beganAt = isOfLast ? startingAt : startedAt;
  const timeoutMs = (job.timeoutSeconds ?? type.timeoutSeconds.default) * 1000;
  const endedAt = end.isLost === true ? Math.min(end.endedAt, (beganAt ?? 0) + timeoutMs) : end.endedAt;
  return [...earlier, { beganAt, endedAt }];
}
