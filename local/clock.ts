/**
 * The clock of the embedded cloud: real time plus an offset that only grows. Only `Date` follows it. Timers,
 * `performance` and the monotonic clock stay real, so a long poll, a timeout or a socket behaves the same however far
 * the clock is moved. Another process follows when it receives the offset: `onAdvance` here, `followClock` there.
 */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /**
   * Moves the clock forward.
   * @throws RangeError for a step backwards; Error after the clock is released
   */
  advance(milliseconds: number): void;
  /**
   * Calls `listener` after each move of any clock of this realm.
   * @returns a function that stops it
   */
  onAdvance(listener: () => void): () => void;
  /** How far the clock is ahead of real time, in milliseconds. */
  offsetMs(): number;
  /** Releases the clock; with the last one the realm's own `Date` returns. Idempotent. */
  release(): void;
}

interface Turned {
  offsetMs: number;
  readonly listeners: Set<() => void>;
  readonly restoreDate: () => void;
  holders: number;
}

let turned: Turned | undefined;

/**
 * Makes `Date` of this realm follow a clock that can be moved.
 *
 * A realm has one `Date`, so clocks of the same time share one offset: a move of one moves all. Two clouds in a
 * process therefore see each other's hours pass, but neither sees time run backwards, and the true `Date` returns
 * when the last of them is released. A clock made after that starts at real time again.
 */
export function createClock(): Clock {
  turned ??= takeOver();
  const held = turned;
  held.holders += 1;
  let released = false;
  return {
    now: () => realNow() + held.offsetMs,
    advance(milliseconds) {
      if (released) throw new Error('The clock was released: it can no longer be turned.');
      if (!Number.isSafeInteger(milliseconds) || milliseconds < 0) {
        throw new RangeError(`The clock turns forward by whole milliseconds, not by ${milliseconds}.`);
      }
      held.offsetMs += milliseconds;
      for (const listener of [...held.listeners]) listener();
    },
    onAdvance(listener) {
      held.listeners.add(listener);
      return () => held.listeners.delete(listener);
    },
    offsetMs: () => held.offsetMs,
    release() {
      if (released) return;
      released = true;
      held.holders -= 1;
      if (held.holders > 0) return;
      held.restoreDate();
      turned = undefined;
    },
  };
}

/**
 * Makes `Date` of this process follow a clock in another one. Call it before the import of modules that read the
 * time.
 *
 * @returns a function to be called with the offset of that clock, at first and after each of its moves
 */
export function followClock(): (offsetMs: number) => void {
  const followed = takeOver();
  return (offsetMs) => {
    followed.offsetMs = offsetMs;
  };
}

const RealDate = Date;
const realNow = Date.now;

function takeOver(): Turned {
  const now = () => realNow() + state.offsetMs;
  const FollowingDate = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length ? given : [now()], newTarget),
  });
  // Date.now is set on the real constructor, so that code with an earlier reference to `Date` follows, too.
  RealDate.now = now;
  RealDate.prototype.constructor = FollowingDate;
  globalThis.Date = FollowingDate;
  const state: Turned = {
    offsetMs: 0,
    listeners: new Set(),
    holders: 0,
    restoreDate() {
      RealDate.now = realNow;
      RealDate.prototype.constructor = RealDate;
      globalThis.Date = RealDate;
    },
  };
  return state;
}
