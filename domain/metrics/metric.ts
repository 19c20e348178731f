/**
 * A metric, and what is counted for it. A dimension has few values: each combination is a custom metric of its own, which costs
 * as much for one job as for a million. A tenant is none; log lines name it.
 */

export type Dimension = 'service' | 'jobType' | 'failureClass' | 'kind' | 'refusal' | 'reason';

export interface Metric {
  /** One that ends with `Seconds` is a time; any other is a number of things. */
  readonly name: string;
  /** The sets of dimensions under which it is found, besides the stage. */
  readonly by: readonly (readonly Dimension[])[];
}

export interface Point {
  readonly metric: Metric;
  readonly value: number;
  readonly of?: Partial<Readonly<Record<Dimension, string>>>;
}

export const one = (metric: Metric, of?: Point['of']): Point => ({
  metric,
  value: 1,
  ...(of && { of }),
});

export const isTime = ({ name }: Metric): boolean => name.endsWith('Seconds');
