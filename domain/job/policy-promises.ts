/**
 * A job type's policy is run through when it is packaged, attempt by attempt, by the rules that will decide about its jobs. A figure
 * that no run of attempts reaches is a promise that cannot come true, and the job type is refused.
 */
import type { Container, Size } from '../container/container.ts';
import { notOnFargate } from '../container/fargate.ts';
import { notOnInstances, wrongInstances } from '../container/instances.ts';
import { FailureClass } from './job.ts';
import type { JobType } from './job-type.ts';
import { MAX_ATTEMPTS, memoryAfter, mostAttempts, queueAfter, retryAllowed } from './retry.ts';

/** What AWS Batch accepts for one attempt. */
const TIMEOUT_SECONDS = { min: 60, max: 1_209_600 } as const;

/** Failures that no later attempt can mend, so that the first is the last. */
const FINAL: ReadonlySet<FailureClass> = new Set(['invalid_input', 'unschedulable']);

/** @returns the first promise that cannot come true, as a sentence without the job type's name */
export function brokenPromise(type: JobType): string | undefined {
  return (
    wrongFigure(type) ??
    tooManyAttempts(type) ??
    unreachedClass(type) ??
    wrongPlace(type) ??
    wrongSize(type) ??
    unreachedQueue(type) ??
    wrongTimeout(type) ??
    wrongExitCode(type) ??
    wrongGrace(type)
  );
}

/** Before that a wait is everyday (domain/batch/stuck.ts). */
const LEAST_GRACE_SECONDS = 600;

function wrongGrace({ stuck }: JobType): string | undefined {
  if (
    stuck === undefined ||
    (Number.isInteger(stuck.afterSeconds) && stuck.afterSeconds >= LEAST_GRACE_SECONDS)
  )
    return undefined;
  return `expected a whole number from ${LEAST_GRACE_SECONDS} as stuck.afterSeconds, found ${stuck.afterSeconds}`;
}

function wrongFigure({ retry }: JobType): string | undefined {
  const { maxAttempts, maxAttemptsOf = {}, backoff } = retry;
  const { initialSeconds, factor, maxSeconds } = backoff;
  const counts = { maxAttempts, ...maxAttemptsOf };
  const wrong = Object.entries(counts).find(([, count]) => !(Number.isInteger(count) && count >= 1));
  if (wrong !== undefined) return `expected a whole number from 1 as ${wrong[0]}, found ${wrong[1]}`;
  if (!(initialSeconds > 0 && Number.isFinite(initialSeconds)))
    return `expected a pause of more than 0 as backoff.initialSeconds, found ${initialSeconds}`;
  if (!(factor >= 1 && Number.isFinite(factor)))
    return `expected at least 1 as backoff.factor, found ${factor}: a pause never gets shorter`;
  if (!(maxSeconds >= initialSeconds && Number.isFinite(maxSeconds)))
    return `backoff.initialSeconds is ${initialSeconds} and is never waited: backoff.maxSeconds is ${maxSeconds}`;
  return undefined;
}

function tooManyAttempts({ retry }: JobType): string | undefined {
  const most = mostAttempts(retry);
  if (most <= MAX_ATTEMPTS) return undefined;
  return `expected at most ${MAX_ATTEMPTS} attempts, found up to ${most} with its Spot reclaims`;
}

function unreachedClass({ retry }: JobType): string | undefined {
  for (const cls of FailureClass.options) {
    const promised = retry.maxAttemptsOf?.[cls];
    const reached = FINAL.has(cls) ? 1 : attemptsOf(retry, cls).length;
    if (promised !== undefined && promised > reached) {
      const why = FINAL.has(cls) ? 'no later attempt mends that' : `maxAttempts is ${retry.maxAttempts}`;
      return `${promised} attempts of ${cls} are promised and ${reached} can happen: ${why}`;
    }
  }
  return undefined;
}

/** The failures of a job of which each attempt ends in the same way. */
function attemptsOf(retry: JobType['retry'], cls: FailureClass): FailureClass[] {
  const ended: FailureClass[] = [cls];
  while (retryAllowed(retry, ended)) ended.push(cls);
  return ended;
}

/** What says where it runs must not contradict itself. */
function wrongPlace({ container: { image, instances, size }, queue, executor }: JobType): string | undefined {
  if (instances === undefined)
    return size.gpus === undefined
      ? undefined
      : 'GPUs are of instances of EC2: expected container.instances that have some';
  if (executor === 'lambda') return 'executor lambda runs on no instances of EC2';
  if (queue !== 'standard')
    return `the queue ${queue} is of Fargate Spot, and instances are On-Demand: expected queue standard with container.instances`;
  return wrongInstances(instances, image);
}

function missingIn({ size, instances }: Container, memoryMiB: number): string | undefined {
  return instances === undefined
    ? notOnFargate(size.vcpus, memoryMiB)
    : notOnInstances(size, memoryMiB, instances);
}

/** Each size that an attempt may have, by how many attempts before it ran out of memory. */
function wrongSize({ container, retry }: JobType): string | undefined {
  const { size } = container;
  const attempts = attemptsOf(retry, 'out_of_memory');
  const sizes = attempts.map((_, i) => memoryAfter(size, attempts.slice(0, i)) ?? size.memoryMiB);
  for (const memoryMiB of sizes) {
    const missing = missingIn(container, memoryMiB);
    if (missing !== undefined) return missing;
  }
  return unreachedMemory(size, sizes);
}

function unreachedMemory({ memoryMiB, growsToMiB: max }: Size, sizes: readonly number[]): string | undefined {
  if (max === undefined) return undefined;
  if (!(memoryMiB < max)) return `memory grows from ${memoryMiB} to ${max} MiB, which is not more`;
  const reached = sizes.at(-1) ?? memoryMiB;
  if (reached >= max) return undefined;
  const needed = Math.ceil(Math.log2(max / memoryMiB)) + 1;
  return `growsToMiB ${max} is never reached: with ${sizes.length} attempts of out_of_memory the last has ${reached}, and ${needed} are needed`;
}

function unreachedQueue(type: JobType): string | undefined {
  const { standardAfterReclaims: limit, queue, retry } = type;
  if (limit === undefined) return undefined;
  if (queue === 'standard') return 'standardAfterReclaims leads to the queue that its jobs are in';
  const before = attemptsOf(retry, 'spot_reclaimed').slice(1);
  if (queueAfter(type, before) === 'standard') return undefined;
  return `the standard queue is never reached: it follows ${limit} reclaims, and a job has ${before.length + 1} at most`;
}

function wrongTimeout({ timeoutSeconds, executor, onTimeout }: JobType): string | undefined {
  const { max } = TIMEOUT_SECONDS;
  const onBatch = executor !== 'lambda' ? ['default', 'max'] : onTimeout === 'batch' ? ['max'] : [];
  for (const [name, seconds] of Object.entries(timeoutSeconds)) {
    const [min, whose] = onBatch.includes(name)
      ? [TIMEOUT_SECONDS.min, 'AWS Batch takes']
      : [1, 'Lambda has'];
    if (!(Number.isInteger(seconds) && seconds >= min && seconds <= max))
      return `expected ${min} to ${max} as timeoutSeconds.${name}, which ${whose}, found ${seconds}`;
  }
  if (timeoutSeconds.default <= timeoutSeconds.max) return undefined;
  return `timeoutSeconds.default ${timeoutSeconds.default} is more than timeoutSeconds.max ${timeoutSeconds.max}`;
}

/** For AWS Batch 0 alone is a success, whatever a job type says of other codes. */
function wrongExitCode({ exitCodes }: JobType): string | undefined {
  for (const [code, meaning] of Object.entries(exitCodes)) {
    if (!/^\d+$/.test(code) || Number(code) > 255) return `exit code ${code} cannot occur: expected 0 to 255`;
    if ((Number(code) === 0) !== (meaning === 'done'))
      return `exit code ${code} cannot mean ${meaning}: AWS Batch takes 0 for done and every other code for a failure`;
  }
  return undefined;
}
