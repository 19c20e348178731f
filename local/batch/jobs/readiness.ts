/**
 * When a job may run: its dependencies, and the effect of a job's end on its dependents and its array.
 * @see AWS Batch user guide, "Job dependencies" and "Array jobs"
 */
import type { Store } from '../store.ts';
import { isFinished, type JobRecord } from './job.ts';
import type { Jobs } from './jobs.ts';
import type { Transitions } from './transitions.ts';
import type { Waits } from './waits.ts';

const DEPENDENCY_FAILED = 'Dependent Job failed';
const CHILD_FAILED = 'Array Child Job failed';

export interface ReadinessParts {
  readonly clock: { now(): number };
  readonly store: Store;
  readonly jobs: Jobs;
  readonly waits: Waits;
  readonly transitions: Pick<Transitions, 'move' | 'end'>;
  /** There may be a job to run now. */
  readonly onRunnable: () => void;
}

/** All of it is called inside a write. */
export function createReadiness({ clock, store, jobs, waits, transitions, onRunnable }: ReadinessParts) {
  const { move, end } = transitions;

  function evaluate(job: JobRecord): void {
    const outcomes = awaited(job).map(outcome);
    if (job.stop !== undefined) {
      if (!outcomes.includes('OPEN')) end(job, 'FAILED', job.stop.reason);
      return;
    }
    if (outcomes.includes('FAILED')) end(job, 'FAILED', DEPENDENCY_FAILED);
    else if (outcomes.includes('OPEN')) makePending(job);
    else if (job.array?.role === 'parent') expand(job, job.array.size);
    else makeRunnable(job);
  }

  /** An array waits for nothing that only its children wait for. */
  function awaited({ jobId, array, dependsOn }: JobRecord): string[] {
    if (array?.role !== 'parent') return waits.dependencies(jobId);
    return dependsOn.flatMap(({ jobId: dependency, type }) =>
      dependency !== undefined && type !== 'N_TO_N' ? [dependency] : [],
    );
  }

  /**
   * The child of an array that never got as far as having children fails with the array. A job that is not there
   * did not succeed as far as anyone knows.
   */
  function outcome(jobId: string): 'SUCCEEDED' | 'FAILED' | 'OPEN' {
    const job = jobs.get(jobId) ?? jobs.get(jobId.replace(/:\d+$/, ''));
    if (job?.status === 'SUCCEEDED') return 'SUCCEEDED';
    return job === undefined || job.status === 'FAILED' ? 'FAILED' : 'OPEN';
  }

  function makePending(job: JobRecord): JobRecord {
    return job.status === 'PENDING' ? job : move({ ...job, status: 'PENDING' });
  }

  function makeRunnable(job: JobRecord): void {
    const { startedAt, placement, ...rest } = job;
    waits.dropOf(job.jobId);
    move({ ...rest, status: 'RUNNABLE', runnableAt: clock.now() });
    store.afterCommit(onRunnable);
  }

  function expand(job: JobRecord, size: number): void {
    const parent = makePending({ ...job, array: { role: 'parent', size, expanded: true } });
    jobs.save(parent);
    const children = childrenOf(job, size, clock.now());
    for (const [index, child] of children.entries()) {
      jobs.insert(child);
      for (const { jobId, type } of job.dependsOn) {
        if (type === 'N_TO_N') waits.add(child.jobId, `${jobId}:${index}`);
        else if (type === 'SEQUENTIAL' && index > 0) waits.add(child.jobId, `${job.jobId}:${index - 1}`);
      }
    }
    waits.dropOf(job.jobId);
    for (const child of children) evaluate(child);
  }

  function settleArray(parentId: string): void {
    if (jobs.hasChildIn(parentId, 'SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING')) return;
    const parent = jobs.get(parentId);
    if (!parent || isFinished(parent)) return;
    if (jobs.hasChildIn(parentId, 'FAILED')) end(parent, 'FAILED', parent.stop?.reason ?? CHILD_FAILED);
    else end(parent, 'SUCCEEDED', undefined);
  }

  return {
    evaluate,
    makeRunnable,
    settle(ended: JobRecord): void {
      for (const id of waits.dependents(ended.jobId)) {
        const dependent = jobs.get(id);
        // One that is still SUBMITTED keeps its row and reads the same answer when it is admitted.
        if (dependent?.status === 'PENDING') evaluate(dependent);
      }
      if (ended.array?.role === 'child') settleArray(ended.array.parentId);
    },
  };
}

function childrenOf(job: JobRecord, size: number, createdAt: number): JobRecord[] {
  return Array.from({ length: size }, (_, index) => ({
    ...job,
    jobId: `${job.jobId}:${index}`,
    status: 'SUBMITTED',
    createdAt,
    dependsOn: [],
    tags: {},
    array: { role: 'child', parentId: job.jobId, index, size },
  }));
}
