/** The sandboxes besides the first of each function. */
export interface Spare {
  /** How many, over all functions. */
  readonly sandboxes: number;
  /** A sandbox that was idle for this long ends, and leaves its place to a function with a backlog. */
  readonly idleLimitMs: number;
}

/**
 * Limits the number of sandboxes on this machine. Lambda starts as many as a mapping allows, each with CPU of its own;
 * here all share a few cores, and each further sandbox slows down the others: with up to 20 for each function, a job took
 * four times the CPU that it takes now. Each function has one sandbox, whatever the others do, and functions with a
 * backlog share as many more as there are cores.
 */
export interface Places {
  readonly spare: Spare;
  /**
   * Takes a spare place. When there is none, `retry` is called as soon as one is free, in the order of asking. By then it may have no
   * need of a place any more, and leaves it to the next.
   */
  take(retry: () => void): boolean;
  /** Releases a spare place. */
  give(): void;
}

export function createPlaces(spare: Spare): Places {
  const queued = new Set<() => void>();
  let free = spare.sandboxes;
  return {
    spare,
    take(retry) {
      if (free > 0) {
        free -= 1;
        return true;
      }
      queued.add(retry);
      return false;
    },
    give() {
      free += 1;
      for (const retry of queued) {
        if (free === 0) return;
        queued.delete(retry);
        retry();
      }
    },
  };
}
