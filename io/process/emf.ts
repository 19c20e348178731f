/**
 * Points as lines of the embedded metric format, of which CloudWatch makes metrics when it stores the line: no call, no wait, and
 * nothing that can fail.
 * @see Amazon CloudWatch user guide, "Specification: Embedded metric format"
 */
import { isTime, type Metric, type Point } from '../../domain/metrics/metric.ts';

export const NAMESPACE = 'Headgate';
/** The specification's limit for one metric of a line. */
const MAX_VALUES = 100;

interface Line {
  readonly of: Record<string, string>;
  readonly values: Map<string, { readonly metric: Metric; readonly values: readonly number[] }>;
}

/** @param always dimensions of each point, and of each set; @returns one line, unless two points differ in a dimension */
export function emfLines(
  points: readonly Point[],
  { atMs, stage, service }: { readonly atMs: number; readonly stage: string; readonly service: string },
): string[] {
  const lines: Line[] = [];
  for (const { metric, value, of = {} } of points) {
    const line = lines.find((each) => takes(each, metric, of)) ?? opened(lines);
    Object.assign(line.of, of, metric.by.flat().includes('service') && { service });
    const before = line.values.get(metric.name)?.values ?? [];
    const values = isTime(metric) ? [...before, value] : [(before[0] ?? 0) + value];
    line.values.set(metric.name, { metric, values });
  }
  return lines.map((line) => JSON.stringify(written(line, atMs, stage)));
}

function opened(lines: Line[]): Line {
  const line: Line = { of: {}, values: new Map() };
  lines.push(line);
  return line;
}

/** A dimension has one value in a line. */
function takes(line: Line, metric: Metric, of: NonNullable<Point['of']>): boolean {
  const isFull = (line.values.get(metric.name)?.values.length ?? 0) >= MAX_VALUES;
  const agrees = Object.entries(of).every(([name, value]) => (line.of[name] ?? value) === value);
  return agrees && !isFull;
}

function written({ of, values }: Line, atMs: number, stage: string) {
  const all = [...values.values()];
  // A set that names a dimension without a value in this line would make the line invalid.
  const setsOf = ({ by }: Metric) => by.filter((set) => set.every((name) => Object.hasOwn(of, name)));
  const bySets = Map.groupBy(all, ({ metric }) =>
    JSON.stringify(setsOf(metric).map((set) => ['stage', ...set])),
  );
  const CloudWatchMetrics = [...bySets].map(([Dimensions, some]) => ({
    Namespace: NAMESPACE,
    Dimensions: JSON.parse(Dimensions),
    // Without a unit, which the name has: a line is paid by its bytes.
    Metrics: some.map(({ metric: { name } }) => ({ Name: name })),
  }));
  const measured = all.map(({ metric, values: some }) => [metric.name, some.length === 1 ? some[0] : some]);
  return {
    _aws: { Timestamp: atMs, CloudWatchMetrics },
    stage,
    ...of,
    ...Object.fromEntries(measured),
  };
}
