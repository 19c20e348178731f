/**
 * A tenant's budget for each month of its own time zone, what is spent of it, and what follows when it is used.
 *
 * The spent amount is a sum of receipts, each of which has one key, so that a repeated step counts nothing twice. It is not a stop to
 * the cent: an attempt leaves its receipt at its end, and the sum is made every few minutes.
 */
import * as z from 'zod';
import { timeZone } from '../schedule/time-zone.ts';

export const Budget = z.strictObject({
  usdPerMonth: z
    .number('expected dollars, such as 100 or 0.5')
    .min(0.01, 'expected at least 0.01')
    .max(10_000_000, 'expected at most 10000000'),
  /** Whose months they are. */
  timeZone: z
    .string()
    .max(64)
    .refine(
      (name) => timeZone(name) !== undefined,
      'expected a name of the IANA time zone database, such as Europe/Berlin or UTC',
    )
    .default('UTC'),
  /** The part of it from which on its tenant is warned of. */
  warnAt: z.number().min(0.01, 'expected at least 0.01').max(1, 'expected at most 1').default(0.8),
  /** `hold`: attempts wait. `refuse`: new jobs are refused as well. `cancel`: what runs is cancelled as well. */
  then: z.enum(['hold', 'cancel', 'refuse'], 'expected hold, cancel or refuse'),
});
export type Budget = z.infer<typeof Budget>;

/** As it is kept: its rules may be others in a later version, and an action that is not known here is one that holds. */
export const StoredBudget = z.object({
  usdPerMonth: z.number(),
  timeZone: z.string(),
  warnAt: z.number(),
  then: Budget.shape.then.catch('hold'),
});

export const Spend = z.object({
  /** Of the budget's time zone, such as `2026-11`, and the moments at which it begins and is over. */
  month: z.string(),
  fromMs: z.int(),
  untilMs: z.int(),
  usdMicro: z.int().nonnegative(),
  atMs: z.int(),
  /** The part of it that is not added up again: of receipts of attempts that ended before this moment. */
  settled: z.object({ beforeMs: z.int(), usdMicro: z.int().nonnegative(), recountedAtMs: z.int() }),
  /** The last mark that it has come to, and when; `isTold`: its event is published. */
  reached: z
    .object({
      standing: z.enum(['warned', 'used']),
      atMs: z.int(),
      usdMicro: z.int().nonnegative(),
      usdPerMonth: z.number(),
      action: StoredBudget.shape.then,
      isTold: z.literal(true).optional(),
    })
    .optional(),
});
export type Spend = z.infer<typeof Spend>;

export interface Budgeted {
  readonly budget?: Budget | undefined;
  readonly spend?: Spend | undefined;
}

export interface UsedBudget {
  readonly month: string;
  readonly usdMicro: number;
  readonly usdPerMonth: number;
  readonly action: Budget['then'];
  readonly untilMs: number;
}

/** @returns undefined while something is left, and for a tenant without a budget or whose receipts were not added up yet */
export function usedBudget({ budget, spend }: Budgeted): UsedBudget | undefined {
  if (budget === undefined || spend === undefined || spend.usdMicro < limitOf(budget)) return undefined;
  const { month, usdMicro, untilMs } = spend;
  return { month, usdMicro, usdPerMonth: budget.usdPerMonth, action: budget.then, untilMs };
}

/** `warned` from `warnAt` on. */
export function standingOf({ budget, spend }: Budgeted): 'open' | 'warned' | 'used' {
  if (budget === undefined || spend === undefined) return 'open';
  if (usedBudget({ budget, spend }) !== undefined) return 'used';
  return spend.usdMicro >= limitOf(budget) * budget.warnAt ? 'warned' : 'open';
}

/**
 * The sum with the mark that it has come to. One that it had come to before in the same month stays, with its moment, so that
 * a run of tick which tells of it again tells the same.
 */
export function marked(budget: Budget, before: Spend | undefined, spend: Spend): Spend {
  const standing = standingOf({ budget, spend });
  const { reached: _, ...rest } = spend;
  if (standing === 'open') return rest;
  const known = before?.fromMs === spend.fromMs ? before.reached : undefined;
  if (known?.standing === standing) return { ...rest, reached: known };
  const { atMs, usdMicro } = spend;
  const { usdPerMonth, then: action } = budget;
  return { ...rest, reached: { standing, atMs, usdMicro, usdPerMonth, action } };
}

/** @returns undefined where nothing is to be told */
export function toldOf(spend: Spend): Spend | undefined {
  const { reached } = spend;
  if (reached === undefined || reached.isTold === true) return undefined;
  return { ...spend, reached: { ...reached, isTold: true } };
}

const limitOf = ({ usdPerMonth }: Budget): number => Math.round(usdPerMonth * 1_000_000);

/** Between two sums: what tenants spend in this time may be above their budgets. */
export const BUDGET_EVERY_MS = 300_000;

/** When the sum is to be made next: at the latest when the month is over. */
export function nextSumAt({ spend }: Budgeted): number {
  return spend === undefined ? 0 : Math.min(spend.atMs + BUDGET_EVERY_MS, spend.untilMs);
}

/** Receipts that are this much younger than now are added up again: the event of an end may be late. */
const UNSETTLED_MS = 2 * 3_600_000;
/** A receipt that came later than that is found by the next whole sum. */
const RECOUNT_EVERY_MS = 24 * 3_600_000;

/** The receipts that have to be read, and what is known of the others. */
export interface Sum {
  readonly fromMs: number;
  readonly untilMs: number;
  add(receipt: { readonly endedAt: number; readonly usdMicro: number }): void;
  spend(): Spend;
}

/** @param known the last sum; one of another month, or of months of another time zone, is begun anew */
export function sumOf(budget: Pick<Budget, 'timeZone'>, known: Spend | undefined, nowMs: number): Sum {
  const month = monthAt(nowMs, budget.timeZone);
  const isCurrent = known?.fromMs === month.fromMs && known.untilMs === month.untilMs;
  const before =
    isCurrent && nowMs - known.settled.recountedAtMs < RECOUNT_EVERY_MS ? known.settled : undefined;
  const fromMs = before?.beforeMs ?? month.fromMs;
  const beforeMs = Math.max(fromMs, Math.min(nowMs - UNSETTLED_MS, month.untilMs));
  let [settled, recent] = [before?.usdMicro ?? 0, 0];
  return {
    fromMs,
    untilMs: month.untilMs,
    add({ endedAt, usdMicro }) {
      if (endedAt < beforeMs) settled += usdMicro;
      else recent += usdMicro;
    },
    spend: () => ({
      ...month,
      usdMicro: settled + recent,
      atMs: nowMs,
      settled: { beforeMs, usdMicro: settled, recountedAtMs: before?.recountedAtMs ?? nowMs },
    }),
  };
}

export interface LocalMonth {
  readonly month: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The month around a moment, on the clocks of a time zone; of UTC for a zone that is not known any more. */
export function monthAt(nowMs: number, zoneName: string): LocalMonth {
  const zone = timeZone(zoneName) ?? { offsetAt: () => 0 };
  const local = new Date(nowMs + zone.offsetAt(nowMs));
  const [year, month] = [local.getUTCFullYear(), local.getUTCMonth()];
  const momentOf = (localMs: number): number => {
    // The clocks may be moved within the hours around it: the offset is that of the moment itself.
    const near = localMs - zone.offsetAt(localMs);
    return localMs - zone.offsetAt(near);
  };
  return {
    month: local.toISOString().slice(0, 7),
    fromMs: momentOf(Date.UTC(year, month, 1)),
    untilMs: momentOf(Date.UTC(year, month + 1, 1)),
  };
}

/** For an operator. @example budget of 2026-11 used: $102.00 of $100.00 */
export function usedText({ month, usdMicro, usdPerMonth }: Omit<UsedBudget, 'action' | 'untilMs'>): string {
  return `budget of ${month} used: $${(usdMicro / 1_000_000).toFixed(2)} of $${usdPerMonth.toFixed(2)}`;
}
