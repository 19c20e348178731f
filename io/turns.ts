/** Turns at something that takes only so many at once, by name. */

export type Turns = <T>(name: string, work: () => Promise<T>) => Promise<T>;

export function turns(most: number): Turns {
  const underWay = new Map<string, number>();
  const waiting = new Map<string, (() => void)[]>();

  async function enter(name: string): Promise<void> {
    const here = underWay.get(name) ?? 0;
    // Whoever leaves hands his place to the first that waits, so the count stays.
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
