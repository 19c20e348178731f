/**
 * Work that keeps its order for each name and is done at least once. A name whose work fails waits alone and delays
 * no other.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { waitAtMost } from '../bounded.ts';

const MAX_LANES_AT_WORK = 16;
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 5_000;
const CLOSE_LIMIT_MS = 2_000;

interface Lane {
  readonly name: string;
  readonly items: number[];
  failures: number;
}

export interface LaneParts {
  /** Does one item. When it rejects, the same item comes again after a wait. */
  readonly work: (item: number) => Promise<void>;
  /** Called for the first of several failures in a row. */
  readonly onFailure: (name: string, error: unknown) => void;
}

export function createLanes({ work, onFailure }: LaneParts) {
  const lanes = new Map<string, Lane>();
  const ready: Lane[] = [];
  const atWork = new Set<Promise<void>>();
  const stopped = new AbortController();

  function pump(): void {
    while (atWork.size < MAX_LANES_AT_WORK && !stopped.signal.aborted) {
      const lane = ready.shift();
      if (!lane) return;
      const advancing = advance(lane).finally(() => {
        atWork.delete(advancing);
        pump();
      });
      atWork.add(advancing);
    }
  }

  async function advance(lane: Lane): Promise<void> {
    const item = lane.items[0];
    if (item === undefined) return;
    try {
      await work(item);
    } catch (error) {
      tryLater(lane, error);
      return;
    }
    lane.failures = 0;
    lane.items.shift();
    if (lane.items.length > 0) ready.push(lane);
    else lanes.delete(lane.name);
  }

  function tryLater(lane: Lane, error: unknown): void {
    if (stopped.signal.aborted) return;
    if (lane.failures === 0) onFailure(lane.name, error);
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** lane.failures, MAX_RETRY_MS);
    lane.failures += 1;
    delay(waitMs, undefined, { signal: stopped.signal }).then(
      () => {
        ready.push(lane);
        pump();
      },
      () => undefined,
    );
  }

  return {
    add(name: string, item: number): void {
      const known = lanes.get(name);
      if (known) {
        known.items.push(item);
        return;
      }
      const lane = { name, items: [item], failures: 0 };
      lanes.set(name, lane);
      ready.push(lane);
      pump();
    },
    /** Begins nothing more, and waits a moment for the work under way. */
    async close(): Promise<void> {
      stopped.abort();
      await waitAtMost(CLOSE_LIMIT_MS, Promise.all(atWork));
    },
  };
}
