/**
 * One budget of AWS Batch calls for all Lambdas: the generic cell rate algorithm on one number in the table.
 *
 * `tatMs`, the theoretical arrival time, is when the next call may go. To reserve calls is to move it on by their
 * share of time, so two reservations never overlap, whoever made them. Nothing ever moves it back: what a process saw
 * is a lower bound of what is stored, and that is what the order of `takes` rests on.
 *
 * Clocks that differ: shares stay apart on paper, but each process keeps to them by its own clock. With clocks d seconds
 * apart, any stretch of time may see the calls of d seconds more than it has, and a reservation may wait d seconds
 * longer. Lambda's clocks are milliseconds apart; a clock that is hours fast would stop the calls of all others for
 * hours, until an operator removes the item.
 */
export interface PaceLimits {
  readonly callsPerSecond: number;
  /** The longest wait for the first call of a reservation. It bounds how far ahead of now anybody may reserve. */
  readonly maxWaitMs: number;
}

export type Reservation =
  | {
      readonly kind: 'granted';
      /** When call number i, from 0, may go. */
      atMs(call: number): number;
    }
  /** Nothing was taken. Unless others reserve before, a try at `retryAtMs` is granted. */
  | { readonly kind: 'full'; readonly retryAtMs: number };

/** What a process knows of the stored tat. */
export interface Sight {
  readonly tatMs: number;
  /** It had moved since this process last saw it: others are at work. */
  readonly shared: boolean;
}
export const nothingSeen: Sight = { tatMs: 0, shared: false };

/**
 * One conditional write. DynamoDB cannot write a maximum, so there is one for each side of it: `behind` starts the
 * calls now if the tat has passed, `ahead` appends them if it lies between now and the longest wait.
 */
export type Take =
  | { readonly kind: 'behind'; readonly costMs: number; readonly nowMs: number }
  | { readonly kind: 'ahead'; readonly costMs: number; readonly nowMs: number; readonly latestMs: number };

/** The writes to try in turn. When none passes, the tat lies beyond the longest wait. */
export function takes(limits: PaceLimits, calls: number, nowMs: number, seen: Sight): readonly Take[] {
  const costMs = shareOf(limits, calls);
  const latestMs = nowMs + limits.maxWaitMs;
  const behind: Take = { kind: 'behind', costMs, nowMs };
  const ahead: Take = { kind: 'ahead', costMs, nowMs, latestMs };
  if (seen.tatMs > latestMs) return [];
  if (seen.tatMs > nowMs) return [ahead];
  // Others have probably moved it on. If they have not, `behind` passes, unless one of them is faster: then it is ahead.
  return seen.shared ? [ahead, behind, ahead] : [behind, ahead];
}

/** @param tatMs as the write left it */
export function granted(limits: PaceLimits, { costMs }: Take, tatMs: number): Reservation {
  return { kind: 'granted', atMs: (call) => tatMs - costMs + shareOf(limits, call) };
}

/** What a process knows after a write that passed. */
export function afterTake(seen: Sight, { kind, costMs }: Take, tatMs: number): Sight {
  return { tatMs, shared: kind === 'ahead' && tatMs - costMs > seen.tatMs };
}

export function full(limits: PaceLimits, nowMs: number, tatMs: number): Reservation {
  return { kind: 'full', retryAtMs: Math.max(nowMs, tatMs - limits.maxWaitMs) };
}

/** Whole milliseconds, so that sums stay exact, and rounded up, so that the pace is never above the budget. */
function shareOf({ callsPerSecond }: PaceLimits, calls: number): number {
  return Math.ceil((calls * 1000) / callsPerSecond);
}
