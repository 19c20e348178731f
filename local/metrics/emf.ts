/**
 * Lines of the embedded metric format, as CloudWatch reads them out of a log.
 * @see Amazon CloudWatch user guide, "Specification: Embedded metric format"
 */
import * as z from 'zod';

/** A metric is found under its namespace, its name and exactly these dimensions. */
export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

export interface Measurement extends MetricId {
  readonly values: readonly number[];
  readonly atMs: number;
}

const Directive = z.object({
  Namespace: z.string(),
  Dimensions: z.array(z.array(z.string())),
  Metrics: z.array(z.object({ Name: z.string() })),
});
const Line = z.looseObject({
  _aws: z.object({ Timestamp: z.number(), CloudWatchMetrics: z.array(Directive) }),
});
const Values = z.union([z.number().transform((value) => [value]), z.array(z.number())]);

/** @returns nothing for a line of another kind */
export function measurementsIn(text: string): Measurement[] {
  if (!text.includes('"_aws"')) return [];
  const read = Line.safeParse(jsonOf(text));
  if (!read.success) return [];
  const { _aws, ...members } = read.data;
  return _aws.CloudWatchMetrics.flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) =>
      Metrics.map(({ Name: name }) => ({
        namespace,
        name,
        dimensions: Object.fromEntries(names.map((each) => [each, String(members[each])])),
        values: Values.catch([]).parse(members[name]),
        atMs: _aws.Timestamp,
      })),
    ),
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
