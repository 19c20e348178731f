/** Turns on the database: any number of calls work together, or one transaction alone. */
export interface Turns {
  together<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Begins when all that began before it has ended; what is asked for meanwhile waits until it ends. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
}

export function createTurns(): Turns {
  const running = new Set<Promise<unknown>>();
  let lastAlone: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const noted = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const call = work();
    running.add(call);
    try {
      return await call;
    } finally {
      running.delete(call);
    }
  };
  return {
    async together(work) {
      while (waiting > 0) await lastAlone;
      return await noted(work);
    },
    async alone(work) {
      waiting += 1;
      const earlier = lastAlone;
      const { promise, resolve } = Promise.withResolvers<void>();
      lastAlone = promise;
      try {
        await earlier;
        await Promise.allSettled(running);
        return await work();
      } finally {
        waiting -= 1;
        resolve();
      }
    },
  };
}
