/**
 * Whatever a file of tests opens is closed after its last test, the newest first. So it is when something else could not be
 * opened: what stays open keeps the tests from ending.
 */
import { afterAll } from '@jest/globals';

export interface Closing {
  close(): unknown;
}

/** To be called once in a file, before its tests; what it returns takes each thing as it is opened. */
export function closedAfterAll(): <T extends Closing>(one: T) => T {
  const all = new AsyncDisposableStack();
  afterAll(() => all.disposeAsync());
  return (one) =>
    all.adopt(one, async (each) => {
      await each.close();
    });
}
