/** One measured figure beside its bar and what it is compared with. */

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The most that it should be, or the least where more is better. */
  readonly bar?: number;
  readonly better?: 'less' | 'more';
  /** The same of something that does the same work without Headgate. */
  readonly peer?: number;
}

/** A benchmark that cannot run here says why instead. */
export type Outcome = Figure | { readonly name: string; readonly skipped: string };

export type Benchmark = () => AsyncIterable<Outcome>;

export const ratioOf = ({ value, peer }: Figure): number | undefined =>
  peer === undefined ? undefined : value / peer;

/** Undefined without a bar. */
export function isWithin({ value, bar, better = 'less' }: Figure): boolean | undefined {
  if (bar === undefined) return undefined;
  return better === 'less' ? value <= bar : value >= bar;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
