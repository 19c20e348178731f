/**
 * The clock of the embedded cloud: real time plus an offset that only grows, kept in shared memory so that every
 * thread reads the same now. Only `Date` follows it. Timers, `performance` and the monotonic clock stay real, so a
 * long poll, a timeout or a socket behaves the same however far the clock is turned.
 */

export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Turns the clock forward. @throws RangeError for a step backwards; Error once the clock is released */
  advance(milliseconds: number): void;
  /** Calls `listener` after each turn, whichever clock of this realm was turned. @returns the way to stop it */
  onAdvance(listener: () => void): () => void;
  /** Hand this to `followClock` in a worker thread. */
  readonly shared: SharedArrayBuffer;
  /** Gives the clock back; the realm's own `Date` returns with the last one. Calling it twice is harmless. */
  release(): void;
}

interface Turned {
  readonly offset: BigInt64Array<SharedArrayBuffer>;
  readonly listeners: Set<() => void>;
  readonly restoreDate: () => void;
  holders: number;
}

let turned: Turned | undefined;

/**
 * Makes `Date` of this realm follow a clock that can be turned.
 *
 * A realm has one `Date`, so clocks held at the same time share one offset: turning one turns all. Two clouds in a
 * process therefore see each other's hours pass, but neither ever sees time run backwards, and the true `Date` comes
 * back when the last of them lets go. A clock made after that starts at real time again.
 */
export function createClock(): Clock {
  turned ??= takeOver(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  const { offset, listeners } = turned;
  turned.holders += 1;
  let released = false;
  return {
    now: () => realNow() + read(offset),
    advance(milliseconds) {
      if (released) throw new Error('The clock was released: it can no longer be turned.');
      if (!Number.isSafeInteger(milliseconds) || milliseconds < 0) {
        throw new RangeError(`The clock turns forward by whole milliseconds, not by ${milliseconds}.`);
      }
      Atomics.add(offset, 0, BigInt(milliseconds));
      for (const listener of [...listeners]) listener();
    },
    onAdvance(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    shared: offset.buffer,
    release() {
      if (released || !turned) return;
      released = true;
      turned.holders -= 1;
      if (turned.holders > 0) return;
      turned.restoreDate();
      turned = undefined;
    },
  };
}

/** Makes `Date` of a worker thread follow the clock whose memory is given. Call it before importing what reads time. */
export function followClock(shared: SharedArrayBuffer): void {
  takeOver(shared);
}

const RealDate = Date;
const realNow = Date.now;

function read(offset: BigInt64Array): number {
  return Number(Atomics.load(offset, 0));
}

function takeOver(shared: SharedArrayBuffer): Turned {
  const offset = new BigInt64Array(shared);
  const now = () => realNow() + read(offset);
  const FollowingDate = new Proxy(RealDate, {
    apply: () => new RealDate(now()).toString(),
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length ? given : [now()], newTarget),
  });
  // Date.now goes on the real constructor, so that code which took hold of `Date` earlier follows too.
  RealDate.now = now;
  RealDate.prototype.constructor = FollowingDate;
  globalThis.Date = FollowingDate;
  return {
    offset,
    listeners: new Set(),
    holders: 0,
    restoreDate() {
      RealDate.now = realNow;
      RealDate.prototype.constructor = RealDate;
      globalThis.Date = RealDate;
    },
  };
}
