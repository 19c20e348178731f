/** What happens to a job, from its first look to its end, and the state that each happening leads to. */
import { blockedEvent } from './detail.ts';
import { type Attempt, containersOf, isFinished, type JobRecord, type Placement, type Stop } from './job.ts';
import { logStreamOf } from './log-streams.ts';
import { createReadiness } from './readiness.ts';
import { type TryEnd, triesAgain } from './retry.ts';
import { createTransitions, type TransitionParts, type Transitions } from './transitions.ts';

export interface LifecycleParts extends TransitionParts {
  /** A try of a job used its vCPUs for so long. Called inside the write that ends the try. */
  readonly recordUse: (job: JobRecord, attempt: Attempt) => void;
  /** A try begins. Called inside the write that says so. */
  readonly onStarting: (job: JobRecord) => void;
  /** Something may run now. */
  readonly onRunnable: () => void;
  /** A running job has to be ended; its try's end is reported as any other. */
  readonly onStop: (jobId: string) => void;
}

export type Lifecycle = ReturnType<typeof createLifecycle>;

/** @see AWS Batch user guide, "Job states" */
export function createLifecycle(parts: LifecycleParts) {
  const { region, clock, store, jobs, onRunnable } = parts;
  const transitions = createTransitions(parts, (ended) => readiness.settle(ended));
  const readiness = createReadiness({ ...parts, transitions });
  const { write, move, end } = transitions;

  const stopJob = stopper(parts, end);

  /** Looks at a job that was accepted: SUBMITTED goes on to PENDING, RUNNABLE or FAILED. */
  function admit(jobId: string): void {
    write(() => {
      const job = jobs.get(jobId);
      if (job?.status !== 'SUBMITTED') return;
      if (job.fault) end(job, 'FAILED', job.fault);
      else readiness.evaluate(job);
    });
  }

  return {
    admit,
    /**
     * Looks at the oldest jobs that were accepted, all in one write, which costs as much as that of one job.
     *
     * @returns how many there were
     */
    admitOldest(limit: number): number {
      return store.write(() => {
        const ids = jobs.idsOf('SUBMITTED', limit);
        for (const id of ids) admit(id);
        return ids.length;
      });
    },
    /** @returns the job as it starts, or undefined when it is not runnable any more */
    start(jobId: string, placement: Placement): JobRecord | undefined {
      return write(() => {
        const job = jobs.get(jobId);
        if (job?.status !== 'RUNNABLE') return undefined;
        const { statusReason, ...rest } = job;
        parts.onStarting(rest);
        return move({ ...rest, status: 'STARTING', placement });
      });
    },
    /** A container of the try has its process; with the first one the job is running. */
    running(jobId: string, process: { pid: number; processStart: string | undefined }): void {
      write(() => {
        const job = jobs.get(jobId);
        if (!job?.placement || (job.status !== 'STARTING' && job.status !== 'RUNNING')) return;
        const placement = { ...job.placement, processes: [...job.placement.processes, process] };
        if (job.status === 'RUNNING') jobs.save({ ...job, placement });
        else move({ ...job, status: 'RUNNING', startedAt: clock.now(), placement });
      });
    },
    /** A try ended: the job succeeds, is runnable again, or fails. */
    tryEnded(jobId: string, tryEnd: TryEnd): void {
      write(() => {
        const found = jobs.get(jobId);
        if (!found?.placement || (found.status !== 'STARTING' && found.status !== 'RUNNING')) return;
        const attempt = attemptOf(found, found.placement, tryEnd, clock.now());
        const job = { ...found, attempts: [...found.attempts, attempt] };
        parts.recordUse(job, attempt);
        if (job.stop) end(job, 'FAILED', attempt.statusReason);
        else if (tryEnd.exitCode === 0) end(job, 'SUCCEEDED', attempt.statusReason);
        else if (triesAgain(job.retryStrategy, job.attempts.length, tryEnd)) readiness.makeRunnable(job);
        else end(job, 'FAILED', attempt.statusReason);
      });
      onRunnable();
    },
    /** Says why a runnable job keeps its queue from going on; undefined takes it back. */
    block(jobId: string, statusReason: string | undefined): void {
      store.write(() => {
        const job = jobs.get(jobId);
        if (job?.status !== 'RUNNABLE' || job.statusReason === statusReason) return;
        const blocked = { ...job, statusReason };
        jobs.save(blocked);
        if (statusReason === undefined) return;
        parts.announce(jobId, blockedEvent(blocked, { region, childCounts: new Map(), nowMs: clock.now() }));
      });
    },
    /** Cancels, terminates or times out; a finished job stays as it is. */
    stop(jobId: string, stop: Stop): void {
      write(() => {
        const job = jobs.get(jobId);
        if (job) stopJob(job, stop);
      });
    },
    /** Ends a job whose queue goes, whatever it waits for: there is no queue any more in which it could wait. */
    abandon(jobId: string, reason: string): void {
      write(() => {
        const job = jobs.get(jobId);
        if (job) stopJob(job, { kind: 'terminated', reason }, 'whatever it waits for');
      });
    },
  };
}

function stopper({ jobs, store, onRunnable, onStop }: LifecycleParts, end: Transitions['end']) {
  /**
   * "A PENDING job is cancelled after all dependency jobs are completed" (API reference, CancelJob), and TerminateJob
   * cancels what has not started: until then it is PENDING and says that it is cancelled.
   */
  function stopJob(
    job: JobRecord,
    stop: Stop,
    when: 'at its time' | 'whatever it waits for' = 'at its time',
  ): void {
    const isPlaced = job.status === 'STARTING' || job.status === 'RUNNING';
    // What is cancelled and lives on may yet be terminated: children of an array that run, and a job that waits.
    const isEnding = job.stop !== undefined && job.stop.kind !== 'cancelled';
    if (isFinished(job) || (isEnding && (isPlaced || when === 'at its time'))) return;
    const stopped = { ...job, stop };
    if (job.array?.role === 'parent' && job.array.expanded) {
      jobs.save(stopped);
      for (const child of jobs.children(job.jobId)) stopJob(child, stop, when);
    } else if (job.status === 'PENDING' && when === 'at its time') {
      jobs.save(stopped);
    } else if (!isPlaced) {
      end(stopped, 'FAILED', stop.reason);
      // It may have kept others of its queue from starting.
      store.afterCommit(onRunnable);
    } else if (stop.kind !== 'cancelled') {
      jobs.save(stopped);
      store.afterCommit(() => onStop(job.jobId));
    }
  }
  return stopJob;
}

function attemptOf(job: JobRecord, { taskArn }: Placement, tryEnd: TryEnd, stoppedAt: number): Attempt {
  const { stop, startedAt } = job;
  const ended = containersOf(job).map((container) => {
    const outcome = tryEnd.containers?.find(({ name }) => name === container.name);
    const { exitCode, reason } = tryEnd.containers ? (outcome ?? {}) : tryEnd;
    const stream = startedAt === undefined ? undefined : logStreamOf(job, container, taskArn)?.stream;
    return {
      name: container.name,
      ...(exitCode !== undefined && { exitCode }),
      ...(reason !== undefined && { reason: reason.slice(0, 255) }),
      ...(stream !== undefined && { logStreamName: stream }),
      networkInterfaces: [],
    };
  });
  const [{ name, ...only } = { name: '' }] = ended;
  return {
    container: job.container ? { taskArn, ...only } : {},
    ...(job.ecsProperties && { taskProperties: [{ taskArn, containers: ended }] }),
    ...(startedAt !== undefined && { startedAt }),
    stoppedAt,
    statusReason: stop?.reason ?? tryEnd.statusReason,
  };
}
