import { jobEvent } from './detail.ts';
import { type Attempt, isFinished, type JobRecord, type Placement, type Stop } from './job.ts';
import type { Jobs } from './jobs.ts';
import type { Outbox } from './outbox.ts';
import { type TryEnd, triesAgain } from './retry.ts';
import type { Shares } from './shares.ts';
import type { Store } from './store.ts';

export const DEPENDENCY_FAILED = 'Dependent Job failed';
export const CHILD_FAILED = 'Array Child Job failed';

const NO_COUNTS: ReadonlyMap<string, number> = new Map();

export interface LifecycleParts {
  readonly region: string;
  readonly clock: { now(): number };
  readonly store: Store;
  readonly jobs: Jobs;
  readonly outbox: Outbox;
  readonly shares: Shares;
  /** Something may run now. */
  readonly onRunnable: () => void;
  /** A running job has to be ended; its try's end is reported as any other. */
  readonly onStop: (jobId: string) => void;
}

/**
 * Every change of a job's state, and the event that goes with it, in one write. What a job's end means for
 * those who wait for it, and for its array, belongs to the same write.
 * @see AWS Batch user guide, "Job states", "Job dependencies" and "Array jobs"
 */
export class Lifecycle {
  readonly #parts: LifecycleParts;
  /** Ended in the current write, and not yet told to others. A list, because chains of 10,000 are legal. */
  readonly #ended: JobRecord[] = [];

  constructor(parts: LifecycleParts) {
    this.#parts = parts;
  }

  /** Looks at a job that was accepted: SUBMITTED goes on to PENDING, RUNNABLE or FAILED. */
  admit(jobId: string): void {
    this.#write(() => {
      const job = this.#parts.jobs.get(jobId);
      if (job?.status !== 'SUBMITTED') return;
      if (job.fault) this.#end(job, 'FAILED', job.fault);
      else this.#evaluate(job);
    });
  }

  /** @returns the job as it starts, or undefined when it is not runnable any more */
  start(jobId: string, placement: Placement): JobRecord | undefined {
    return this.#write(() => {
      const job = this.#parts.jobs.get(jobId);
      if (job?.status !== 'RUNNABLE') return undefined;
      return this.#move({ ...job, status: 'STARTING', placement });
    });
  }

  running(jobId: string, process: { pid: number; processStart: string | undefined }): void {
    this.#write(() => {
      const job = this.#parts.jobs.get(jobId);
      if (job?.status !== 'STARTING' || !job.placement) return;
      const placement = { ...job.placement, ...process };
      this.#move({ ...job, status: 'RUNNING', startedAt: this.#parts.clock.now(), placement });
    });
  }

  /** A try ended: the job succeeds, is runnable again, or fails. */
  tryEnded(jobId: string, end: TryEnd, output: string): void {
    this.#write(() => {
      const found = this.#parts.jobs.get(jobId);
      if (!found?.placement || (found.status !== 'STARTING' && found.status !== 'RUNNING')) return;
      const { stop, placement, startedAt } = found;
      const statusReason = stop?.reason ?? end.statusReason;
      const attempt: Attempt = {
        container: {
          taskArn: placement.taskArn,
          ...(end.exitCode !== undefined && { exitCode: end.exitCode }),
          ...(end.reason !== undefined && { reason: end.reason.slice(0, 255) }),
          ...(startedAt !== undefined && { logStreamName: placement.logStreamName }),
          networkInterfaces: [],
        },
        ...(startedAt !== undefined && { startedAt }),
        stoppedAt: this.#parts.clock.now(),
        statusReason,
      };
      const job = { ...found, attempts: [...found.attempts, attempt] };
      this.#parts.shares.record(job, attempt);
      this.#parts.jobs.keepOutput(placement.logStreamName, jobId, output);
      if (stop) this.#end(job, 'FAILED', statusReason);
      else if (end.exitCode === 0) this.#end(job, 'SUCCEEDED', statusReason);
      else if (triesAgain(job.retryStrategy, job.attempts.length, end)) this.#makeRunnable(job);
      else this.#end(job, 'FAILED', statusReason);
    });
    this.#parts.onRunnable();
  }

  /** Cancels, terminates or times out; a finished job stays as it is. */
  stop(jobId: string, stop: Stop): void {
    this.#write(() => {
      const job = this.#parts.jobs.get(jobId);
      if (job) this.#stop(job, stop);
    });
  }

  #stop(job: JobRecord, stop: Stop): void {
    // Only an array's parent outlives its cancellation: children that run go on, and may yet be terminated.
    if (isFinished(job) || (job.stop && job.stop.kind !== 'cancelled')) return;
    const stopped = { ...job, stop };
    if (job.array?.role === 'parent' && job.array.expanded) {
      this.#parts.jobs.save(stopped);
      for (const child of this.#parts.jobs.children(job.jobId)) this.#stop(child, stop);
    } else if (job.status !== 'STARTING' && job.status !== 'RUNNING') {
      this.#end(stopped, 'FAILED', stop.reason);
    } else if (stop.kind !== 'cancelled') {
      this.#parts.jobs.save(stopped);
      this.#parts.store.afterCommit(() => this.#parts.onStop(job.jobId));
    }
  }

  #evaluate(job: JobRecord): void {
    const outcomes = this.#parts.jobs.dependencies(job.jobId).map((id) => this.#outcome(id));
    if (outcomes.includes('FAILED')) this.#end(job, 'FAILED', DEPENDENCY_FAILED);
    else if (outcomes.includes('OPEN')) this.#makePending(job);
    else if (job.array?.role === 'parent') this.#expand(job, job.array.size);
    else this.#makeRunnable(job);
  }

  /** The child of an array that never got as far as having children fails with the array. */
  #outcome(jobId: string): 'SUCCEEDED' | 'FAILED' | 'OPEN' {
    const job = this.#parts.jobs.get(jobId) ?? this.#parts.jobs.get(jobId.replace(/:\d+$/, ''));
    if (!job || job.status === 'SUCCEEDED') return 'SUCCEEDED';
    return job.status === 'FAILED' ? 'FAILED' : 'OPEN';
  }

  #makePending(job: JobRecord): JobRecord {
    return job.status === 'PENDING' ? job : this.#move({ ...job, status: 'PENDING' });
  }

  #makeRunnable(job: JobRecord): void {
    const { startedAt, placement, ...rest } = job;
    this.#move({ ...rest, status: 'RUNNABLE' });
    this.#parts.store.afterCommit(this.#parts.onRunnable);
  }

  #expand(job: JobRecord, size: number): void {
    const { jobs, clock } = this.#parts;
    const parent = this.#makePending({ ...job, array: { role: 'parent', size, expanded: true } });
    jobs.save(parent);
    const children = Array.from(
      { length: size },
      (_, index): JobRecord => ({
        ...job,
        jobId: `${job.jobId}:${index}`,
        status: 'SUBMITTED',
        createdAt: clock.now(),
        dependsOn: [],
        tags: {},
        array: { role: 'child', parentId: job.jobId, index, size },
      }),
    );
    for (const [index, child] of children.entries()) {
      jobs.insert(child);
      for (const { jobId, type } of job.dependsOn) {
        if (type === 'N_TO_N') jobs.addWait(child.jobId, `${jobId}:${index}`);
        else if (type === 'SEQUENTIAL' && index > 0) jobs.addWait(child.jobId, `${job.jobId}:${index - 1}`);
      }
    }
    for (const child of children) this.#evaluate(child);
  }

  #end(job: JobRecord, status: 'SUCCEEDED' | 'FAILED', statusReason: string | undefined): void {
    const ended = { ...job, status, statusReason, stoppedAt: this.#parts.clock.now() };
    this.#parts.jobs.dropWaitsOf(job.jobId);
    this.#ended.push(this.#move(ended));
  }

  #settle(ended: JobRecord): void {
    const { jobs } = this.#parts;
    const dependents = jobs.dependents(ended.jobId);
    for (const id of dependents) {
      const dependent = jobs.get(id);
      if (dependent?.status === 'PENDING') this.#evaluate(dependent);
    }
    jobs.dropWaitsFor(ended.jobId);
    if (ended.array?.role === 'child') this.#settleArray(ended.array.parentId);
  }

  #settleArray(parentId: string): void {
    const { jobs } = this.#parts;
    if (jobs.hasChildIn(parentId, 'SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING')) return;
    const parent = jobs.get(parentId);
    if (!parent || isFinished(parent)) return;
    if (jobs.hasChildIn(parentId, 'FAILED')) this.#end(parent, 'FAILED', parent.stop?.reason ?? CHILD_FAILED);
    else this.#end(parent, 'SUCCEEDED', undefined);
  }

  #move(job: JobRecord): JobRecord {
    const { jobs, outbox, clock, region } = this.#parts;
    jobs.save(job);
    const childCounts = job.array?.role === 'parent' ? jobs.childCounts(job.jobId) : NO_COUNTS;
    outbox.append(job.jobId, jobEvent(job, { region, childCounts, nowMs: clock.now() }));
    return job;
  }

  #write<Result>(change: () => Result): Result {
    return this.#parts.store.write(() => {
      this.#ended.length = 0;
      const result = change();
      for (let ended = this.#ended.shift(); ended; ended = this.#ended.shift()) this.#settle(ended);
      return result;
    });
  }
}
