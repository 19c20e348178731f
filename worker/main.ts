/**
 * The program in the container. AWS Batch tells it which Batch job and which try it is, and its ticket which attempt it may claim.
 *
 * Exit codes are the contract with the job types: 0 done (or another container does the work), 64 never again, 75 try
 * later, 1 failed.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { lambda } from '../io/aws/clients.ts';
import { systemClock } from '../io/process/clock.ts';
import { EnvironmentIncomplete, readEnv } from '../io/process/env.ts';
import { createLog, errorName } from '../io/process/log.ts';
import { systemRandom } from '../io/process/random.ts';
import { jobTypes } from '../job-types.ts';
import { invoking, patient } from './api.ts';
import { errorReport } from './error-report.ts';
import { handlerOf } from './handlers/index.ts';
import { exitCode, run } from './run.ts';
import { httpTransfer } from './transfer.ts';

async function main(): Promise<number> {
  const log = createLog('worker');
  const env = readEnv('HEADGATE_API', 'HEADGATE_TICKET', 'AWS_BATCH_JOB_ID', 'AWS_BATCH_JOB_ATTEMPT');
  // Batch sends SIGTERM, and SIGKILL 30 seconds later.
  const ending = new AbortController();
  process.once('SIGTERM', () => ending.abort());
  const ports = {
    api: patient(invoking(lambda(), env.HEADGATE_API), systemClock, log),
    transfer: httpTransfer((ms) => pause(ms)),
    handlerOf,
    types: jobTypes,
    clock: systemClock,
    log,
    stderr: process.stderr,
  };
  const me = {
    ticket: env.HEADGATE_TICKET,
    runId: env.AWS_BATCH_JOB_ID,
    try: env.AWS_BATCH_JOB_ATTEMPT,
    nonce: systemRandom.token(),
  };
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
