/** One container: claim the job, load the input, do the work, commit the result. */
import { isFunctionRun } from '../domain/executor/executor.ts';
import type { JobTypes } from '../domain/job/job-type.ts';
import type { ReportedFailure } from '../domain/job/lifecycle.ts';
import type { Claimed } from '../domain/worker/calls.ts';
import { errorName } from '../io/process/log.ts';
import { errorReport } from './error-report.ts';
import { loadInput } from './input.ts';
import { resultOf } from './result.ts';
import { openSession, type Session, type SessionPorts } from './session.ts';
import { ObjectMissing } from './transfer.ts';
import { type Handler, NeverAgain, TryLater } from './work.ts';

export const exitCode = { done: 0, failed: 1, neverAgain: 64, tryLater: 75 } as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

export interface WorkerPorts extends SessionPorts {
  /** Its input was checked against the job type's schema. */
  handlerOf(jobType: string): Promise<Handler<never> | undefined>;
  readonly types: JobTypes;
  /** The job's own log stream, which its operator reads and its tenant does not. */
  readonly stderr: { write(text: string): unknown };
}

/** What AWS Batch tells a container, and what it alone knows. */
export interface Assignment {
  readonly ticket: string;
  readonly runId: string;
  readonly try: number;
  readonly nonce: string;
}

export async function run(ports: WorkerPorts, me: Assignment, signal: AbortSignal): Promise<ExitCode> {
  const claimed = await ports.api.claim(me);
  if (claimed.status !== 200 || !('jobType' in claimed)) {
    const code = 'code' in claimed ? claimed.code : 'call_invalid';
    ports.log.info('worker:claim:refused', { runId: me.runId, code });
    return code === 'superseded' ? exitCode.done : exitCode.failed;
  }
  const session = openSession(ports, claimed, signal);
  try {
    return await workAndCommit(ports, claimed, session);
  } catch (error) {
    return session.isSuperseded()
      ? exitCode.done
      : await complain(ports, { ...me, ...claimed }, session, error);
  } finally {
    await session.close();
  }
}

async function workAndCommit(ports: WorkerPorts, claimed: Claimed, session: Session): Promise<ExitCode> {
  const type = ports.types.get(claimed.jobType);
  const handler = await ports.handlerOf(claimed.jobType);
  if (type === undefined || handler === undefined) {
    const message = `This image has no handler for the job type ${claimed.jobType}.`;
    throw new NeverAgain('job_type_removed', message);
  }
  const input = await loadInput(session, claimed, type);
  const { read, write, report, signal, credentials } = session;
  const work = { objects: { read }, write, progress: report, signal, credentials };
  const value = await handler(input as never, work); // parsed by this job type's own schema
  const result = await resultOf(value, write);
  const object =
    'object' in result ? session.written().find(({ name }) => name === result.object) : undefined;
  const objects = session.written().filter(({ name }) => name !== object?.name);
  const committed = await ports.api.complete({
    token: session.token(),
    objects,
    ...('inline' in result ? { result: result.inline } : { object }),
  });
  ports.log.info(`worker:complete:${'code' in committed ? committed.code : 'done'}`, {
    jobId: claimed.jobId,
    attempt: claimed.attempt,
  });
  const isDone = committed.status === 200 || ('code' in committed && committed.code === 'superseded');
  return isDone ? exitCode.done : exitCode.failed;
}

/** Reports the reason, and returns the exit code that tells AWS Batch and track its class. */
async function complain(
  ports: WorkerPorts,
  { jobId, attempt, runId }: Claimed & Assignment,
  session: Session,
  error: unknown,
): Promise<ExitCode> {
  const { reportedFailure, code } = judged(error, session.signal);
  // AWS Batch sees how a container ends.
  const seen = isFunctionRun(runId)
    ? { exit: isOutOfTime(session.signal) ? ('timeout' as const) : code }
    : {};
  ports.log.error('job:work:failed', { jobId, attempt, code: reportedFailure.code, why: errorName(error) });
  ports.stderr.write(errorReport(error));
  await ports.api.fail({ token: session.token(), ...reportedFailure, ...seen }).catch((failed: unknown) =>
    // The exit code has the same information in short, and must not be lost with the sentence.
    ports.log.error('job:complain:failed', { jobId, why: errorName(failed) }),
  );
  return code;
}

/** The reason with which the signal of a run on Lambda is aborted, where the program itself keeps its time. */
export class OutOfTime extends Error {
  override readonly name = 'OutOfTime';
}

const isOutOfTime = ({ aborted, reason }: AbortSignal) => aborted && reason instanceof OutOfTime;

function judged(error: unknown, signal: AbortSignal): { reportedFailure: ReportedFailure; code: ExitCode } {
  if (error instanceof NeverAgain)
    return { reportedFailure: { code: error.code, message: error.message }, code: exitCode.neverAgain };
  if (error instanceof ObjectMissing) {
    const message = 'An object that the input names does not exist in the folder of the tenant.';
    return { reportedFailure: { code: 'input_not_found', message }, code: exitCode.neverAgain };
  }
  if (signal.aborted)
    return {
      reportedFailure: { code: 'try_later', message: 'The container was asked to end.' },
      code: exitCode.tryLater,
    };
  if (error instanceof TryLater)
    return { reportedFailure: { code: 'try_later', message: error.message }, code: exitCode.tryLater };
  // Message and name of an unforeseen error may quote the input, or name what the tenant must not know.
  const message =
    'The program of this job type failed; the operator finds the cause in the log of the attempt.';
  return { reportedFailure: { code: 'exit_code', message }, code: exitCode.failed };
}
