/**
 * The program in the container. The placeholders of the job definition fill its command line: `node main.mjs
 * --batchType csv.summarise --jobId job_… --attempt 1`.
 *
 * Exit codes are the contract with the job types: 0 done (or another container does the work), 64 never again, 75 try
 * later, 1 failed.
 */
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { JOB_ID, JobTypeId } from '../domain/job/ids.ts';
import { dynamo, s3 } from '../io/aws/clients.ts';
import { objectStore } from '../io/aws/objects.ts';
import { systemClock } from '../io/process/clock.ts';
import { EnvironmentIncomplete, readEnv } from '../io/process/env.ts';
import { createLog, errorName } from '../io/process/log.ts';
import { systemRandom } from '../io/process/random.ts';
import { jobStore } from '../io/table/jobs.ts';
import { table } from '../io/table/table.ts';
import { jobTypes } from '../job-types.ts';
import { errorReport } from './error-report.ts';
import { handlerOf } from './handlers/index.ts';
import { exitCode, run } from './run.ts';

const Arguments = z.object({
  batchType: JobTypeId,
  jobId: z.string().regex(JOB_ID),
  attempt: z.coerce.number().int().positive(),
});

async function main(): Promise<number> {
  const log = createLog('worker');
  const env = readEnv('TABLE_NAME', 'BUCKET_NAME', 'AWS_BATCH_JOB_ID', 'AWS_BATCH_JOB_ATTEMPT');
  const options = {
    batchType: { type: 'string' },
    jobId: { type: 'string' },
    attempt: { type: 'string' },
  } as const;
  const parsed = Arguments.safeParse(parseArgs({ options }).values);
  if (!parsed.success) {
    const missing = parsed.error.issues.map((issue) => `--${issue.path.join('')}`).join(', ');
    log.error('worker:start:failed', { why: `expected valid values for ${missing}` });
    return exitCode.neverAgain;
  }
  // Batch sends SIGTERM, and SIGKILL 30 seconds later.
  const ending = new AbortController();
  process.once('SIGTERM', () => ending.abort());

  const s3Client = s3();
  const ports = {
    jobs: jobStore(table(dynamo(), env.TABLE_NAME, systemRandom)),
    objectsOf: (tenantId: string) => objectStore(s3Client, env.BUCKET_NAME, tenantId),
    handlerOf,
    bucket: env.BUCKET_NAME,
    types: jobTypes,
    clock: systemClock,
    log,
    stderr: process.stderr,
  };
  const me = { ...parsed.data, runId: env.AWS_BATCH_JOB_ID, try: env.AWS_BATCH_JOB_ATTEMPT };
  return run(ports, me, ending.signal);
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    createLog('worker').error('worker:run:failed', {
      why: error instanceof EnvironmentIncomplete ? error.message : errorName(error),
    });
    process.stderr.write(errorReport(error));
    process.exit(exitCode.failed);
  },
);
