/** The receipts of attempts, and what they come to. A receipt is made of the record alone, so a repeat has the same key and content. */
import * as z from 'zod';
import { type EndedAttempt, isUnsettled, type JobRecord } from '../job/job.ts';

export const Receipt = z.object({
  tenantId: z.string(),
  jobId: z.string(),
  attempt: z.int().positive(),
  jobType: z.string(),
  tags: z.record(z.string(), z.string()).optional(),
  usdMicro: z.int().nonnegative(),
  billedSeconds: z.number().nonnegative(),
  endedAt: z.int(),
});
export type Receipt = z.infer<typeof Receipt>;

/** A year, and a month to compare it with. */
export const RECEIPTS_KEPT_DAYS = 400;

/**
 * The receipt that a record owes: of the attempt that has just ended. The next attempt begins by a message that is sent after
 * it, so no earlier attempt can be without one. An attempt that cost nothing has none.
 */
export function receiptOf(job: JobRecord): Receipt | undefined {
  const isDue = isUnsettled(job) || job.state === 'retrying';
  const { attempt, usdMicro = 0, billedSeconds = 0, endedAt } = job.endedAttempts.at(-1) ?? NEVER_RAN;
  if (!isDue || usdMicro === 0) return undefined;
  const { tenantId, jobId, jobType, tags } = job;
  const tagged = tags === undefined || Object.keys(tags).length === 0 ? {} : { tags };
  return { tenantId, jobId, attempt, jobType, ...tagged, usdMicro, billedSeconds, endedAt };
}

const NEVER_RAN: Pick<EndedAttempt, 'attempt' | 'usdMicro' | 'billedSeconds' | 'endedAt'> = {
  attempt: 0,
  endedAt: 0,
};

/** The UTC month in which an attempt ended, such as `2026-11`. */
export const monthOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 7);

export const Month = z.string().regex(/^\d{4}-(?:0[1-9]|1[0-2])$/, 'expected a month, such as 2026-11');

/** What receipts are summed by: one of these, or the value of a tag. */
export type Grouping = 'tenant' | 'type' | 'job' | { readonly tag: string };

export interface CostLine {
  /** The tenant, type, job or value; empty for receipts without the tag. */
  readonly name: string;
  readonly jobs: number;
  readonly attempts: number;
  readonly billedSeconds: number;
  readonly usdMicro: number;
}

/** Sums receipts as they are read, since those of a month may be too many to keep. */
export class Costs {
  readonly #by: Grouping;
  readonly #sums = new Map<string, { jobs: Set<string>; line: CostLine }>();

  constructor(by: Grouping) {
    this.#by = by;
  }

  add(receipt: Receipt): void {
    const name = nameOf(receipt, this.#by);
    const known = this.#sums.get(name) ?? { jobs: new Set<string>(), line: { ...NOTHING, name } };
    known.jobs.add(receipt.jobId);
    const { attempts, billedSeconds, usdMicro } = known.line;
    known.line = {
      name,
      jobs: known.jobs.size,
      attempts: attempts + 1,
      billedSeconds: billedSeconds + receipt.billedSeconds,
      usdMicro: usdMicro + receipt.usdMicro,
    };
    this.#sums.set(name, known);
  }

  /** The most expensive first. */
  lines(): CostLine[] {
    return [...this.#sums.values()]
      .map(({ line }) => line)
      .toSorted((a, b) => b.usdMicro - a.usdMicro || (a.name < b.name ? -1 : 1));
  }
}

const NOTHING: CostLine = { name: '', jobs: 0, attempts: 0, billedSeconds: 0, usdMicro: 0 };

/** @param name of the sum */
export function totalOf(lines: readonly CostLine[], name: string): CostLine {
  return lines.reduce(
    (all, line) => ({
      name,
      jobs: all.jobs + line.jobs,
      attempts: all.attempts + line.attempts,
      billedSeconds: all.billedSeconds + line.billedSeconds,
      usdMicro: all.usdMicro + line.usdMicro,
    }),
    { ...NOTHING, name },
  );
}

function nameOf({ tenantId, jobType, jobId, tags = {} }: Receipt, by: Grouping): string {
  if (by === 'tenant') return tenantId;
  if (by === 'type') return jobType;
  if (by === 'job') return jobId;
  return Object.hasOwn(tags, by.tag) ? (tags[by.tag] ?? '') : '';
}

/** As the API tells a tenant. What an operator pays for it is not its matter. */
export const UsedView = z.object({
  /** The job type, job or value of the tag; empty for attempts without the tag. */
  name: z.string(),
  jobs: z.int(),
  attempts: z.int(),
  billedSeconds: z.number(),
});

export function usedView({ usdMicro: _, ...line }: CostLine): z.infer<typeof UsedView> {
  return line;
}

/** As the API tells an operator. */
export const CostView = UsedView.extend({
  /** An estimate by list prices. */
  usd: z.number(),
});

export function costView({ usdMicro, ...line }: CostLine): z.infer<typeof CostView> {
  return { ...line, usd: usdMicro / 1_000_000 };
}

/** @example 0.000165 */
export const dollars = (usdMicro: number): string => (usdMicro / 1_000_000).toFixed(6);
