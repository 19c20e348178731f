/** What no function of Lambda could do for a job type. */

import type { JobType } from '../job/job-type.ts';
import { limitOf } from '../job/retry.ts';
import { FUNCTION_MARGIN_SECONDS, MAX_FUNCTION_SECONDS, runSeconds } from './executor.ts';

/** @see AWS Lambda developer guide, "Configure Lambda function memory" */
const MEMORY_MIB = { min: 128, max: 10_240 };
const MAX_RUN_SECONDS = MAX_FUNCTION_SECONDS - FUNCTION_MARGIN_SECONDS;

/** @returns the first thing that could not work, as a sentence; undefined when there is none */
export function wrongExecutor(type: JobType): string | undefined {
  if (type.executor !== 'lambda')
    return type.onTimeout === undefined ? undefined : 'onTimeout is for job types whose executor is lambda';
  return wrongProgram(type) ?? wrongLimits(type);
}

function wrongProgram({
  parameters,
  container: { image, secrets, writable, size },
}: JobType): string | undefined {
  if (image.uri !== undefined)
    return `executor lambda runs a handler of worker/handlers, and no image such as ${image.uri}`;
  if (parameters !== undefined)
    return 'executor lambda runs a handler, which gets its input: parameters are for a command';
  if (secrets !== undefined)
    return 'executor lambda has no secrets: Lambda would show them to everybody who may read the function';
  if (writable === true) return 'writable is for containers: on Lambda a program may write to /tmp alone';
  if (size.growsToMiB !== undefined)
    return 'growsToMiB is for containers: a function has one size for all attempts';
  return undefined;
}

function wrongLimits(type: JobType): string | undefined {
  const { memoryMiB } = type.container.size;
  if (memoryMiB < MEMORY_MIB.min || memoryMiB > MEMORY_MIB.max)
    return `expected ${MEMORY_MIB.min} to ${MEMORY_MIB.max} MiB for executor lambda, found ${memoryMiB}`;
  if (runSeconds(type) > MAX_RUN_SECONDS)
    return `expected at most ${MAX_RUN_SECONDS} seconds on Lambda, found ${runSeconds(type)}: timeoutSeconds.max, or with onTimeout timeoutSeconds.default`;
  if (type.onTimeout === 'batch' && limitOf(type.retry, 'timeout') < 2)
    return 'onTimeout leads to AWS Batch, and no attempt follows a timeout: expected at least 2 as maxAttempts and maxAttemptsOf.timeout';
  return undefined;
}
