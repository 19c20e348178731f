/** Progress reports. They are written in the background and rarely: each one is a write of the record. */
import type { WorkerMessage } from '../domain/job/claim.ts';
import type { Progress } from '../domain/job/lifecycle.ts';
import type { Clock } from '../io/process/clock.ts';
import { errorName, type Log } from '../io/process/log.ts';

const MIN_INTERVAL_MS = 5000;

export interface ProgressWriter {
  report(progress: Progress): void;
  /** Resolves when no write is under way. Reports not yet written are dropped: the result says more. */
  flushed(): Promise<void>;
}

export function progressWriter(
  clock: Clock,
  say: (word: WorkerMessage) => Promise<boolean>,
  log: Log,
): ProgressWriter {
  let writtenAtMs = clock.nowMs();
  let underWay: Promise<void> | undefined;
  return {
    report(progress) {
      if (underWay !== undefined || clock.nowMs() - writtenAtMs < MIN_INTERVAL_MS) return;
      writtenAtMs = clock.nowMs();
      underWay = say({ kind: 'progressed', progress })
        // A lost report does no harm; failing the work for it would.
        .then(
          () => undefined,
          (error: unknown) => log.info('progress:write:failed', { why: errorName(error) }),
        )
        .finally(() => {
          underWay = undefined;
        });
    },
    flushed: async () => underWay,
  };
}
