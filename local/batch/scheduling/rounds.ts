/**
 * The rounds of the scheduler. Each evaluates the jobs that were accepted since the last one and starts those that
 * have room; every change that may matter asks for another round.
 */
import type { Jobs } from '../jobs/jobs.ts';
import type { Lifecycle } from '../jobs/lifecycle.ts';
import type { BatchFaults } from '../options.ts';
import { type BacklogParts, createBacklog } from './backlog.ts';
import type { BlockWatch } from './block-watch.ts';

/** Each round is synchronous; between two rounds other work proceeds. */
const MAX_ADMITTED_PER_ROUND = 100;
const MAX_STARTS_PER_ROUND = 8;

export interface RoundParts extends BacklogParts {
  readonly jobs: Jobs;
  readonly lifecycle: Lifecycle;
  readonly watch: Pick<BlockWatch, 'see'>;
  readonly faults: Pick<BatchFaults, 'noCapacity'>;
  /** Runs the job's next try in this compute environment. */
  readonly start: (jobId: string, environmentArn: string) => void;
}

export function createRounds(parts: RoundParts) {
  let next: NodeJS.Immediate | undefined;
  let open = false;
  let held = false;

  /** Asks for a round: a job was accepted or is runnable, or there is room. */
  const wake = (): void => {
    if (!open || next) return;
    next = setImmediate(() => {
      next = undefined;
      admit();
      place();
    });
  };

  function admit(): void {
    if (parts.lifecycle.admitOldest(MAX_ADMITTED_PER_ROUND) > 0) wake();
  }

  function place(): void {
    if (parts.faults.noCapacity) {
      held = true;
      return;
    }
    const backlog = createBacklog(parts);
    let started = 0;
    while (started < MAX_STARTS_PER_ROUND && backlog.startNext(parts.start)) started += 1;
    parts.watch.see(backlog.oversizedHeads());
    if (started === MAX_STARTS_PER_ROUND) wake();
  }

  return {
    wake,
    /** Goes on when the fault that kept everything is over. */
    tick(): void {
      if (!held || parts.faults.noCapacity) return;
      held = false;
      wake();
    },
    start(): void {
      open = true;
      wake();
    },
    close(): void {
      open = false;
      clearImmediate(next);
    },
  };
}
