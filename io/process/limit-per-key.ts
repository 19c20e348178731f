/** A limit on concurrent work for each key; further work waits. */

export type Limited = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export function limitPerKey(most: number): Limited {
  const underWay = new Map<string, number>();
  const waiting = new Map<string, (() => void)[]>();

  async function enter(name: string): Promise<void> {
    const here = underWay.get(name) ?? 0;
    // Finished work passes its place to the first waiting one, so the count is unchanged.
    if (here >= most)
      return new Promise((resolve) => waiting.set(name, [...(waiting.get(name) ?? []), resolve]));
    underWay.set(name, here + 1);
  }
  function leave(name: string): void {
    const [next, ...others] = waiting.get(name) ?? [];
    if (next === undefined) underWay.set(name, (underWay.get(name) ?? 1) - 1);
    else {
      waiting.set(name, others);
      next();
    }
  }
  return async (name, work) => {
    await enter(name);
    try {
      return await work();
    } finally {
      leave(name);
    }
  };
}

export type LimitPerKey = typeof limitPerKey;
