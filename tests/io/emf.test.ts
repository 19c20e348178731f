/** CloudWatch makes metrics of the lines that functions print. Each line costs, and so does each combination of dimensions. */
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import * as catalogue from '../../domain/metrics/catalogue.ts';
import { accepted } from '../../domain/metrics/job-metrics.ts';
import { one, type Point } from '../../domain/metrics/metric.ts';
import { countedJobs, countedLimiter } from '../../io/counted.ts';
import { emfLines } from '../../io/process/emf.ts';
import { jobIn } from '../support/jobs.ts';
import { useCases } from '../support/use-cases.ts';

const AT = 1_767_603_600_000;
const linesOf = (points: readonly Point[]) =>
  emfLines(points, { atMs: AT, stage: 'prod', service: 'intake' });

/** As the specification has it, "Schema". */
const Emf = z
  .strictObject({
    _aws: z.strictObject({
      Timestamp: z.int(),
      CloudWatchMetrics: z
        .array(
          z.strictObject({
            Namespace: z.string().min(1),
            Dimensions: z.array(z.array(z.string()).max(30)).min(1),
            Metrics: z.array(z.strictObject({ Name: z.string().min(1) })).max(100),
          }),
        )
        .min(1),
    }),
  })
  .catchall(z.union([z.string(), z.number(), z.array(z.number()).max(100)]));

describe('the points of one invocation', () => {
  test('are one line, in the format of CloudWatch', () => {
    const job = jobIn('waiting', { jobType: 'csv.summarise' });
    const [line = '', ...rest] = linesOf([...accepted(job), ...accepted(job), one(catalogue.JobsHeld)]);
    expect(rest).toEqual([]);
    expect(JSON.parse(line)).toEqual({
      _aws: {
        Timestamp: AT,
        CloudWatchMetrics: [
          {
            Namespace: 'Headgate',
            Dimensions: [['stage'], ['stage', 'service', 'jobType']],
            Metrics: [{ Name: 'JobsAccepted' }],
          },
          { Namespace: 'Headgate', Dimensions: [['stage']], Metrics: [{ Name: 'JobsHeld' }] },
        ],
      },
      stage: 'prod',
      service: 'intake',
      jobType: 'csv.summarise',
      JobsAccepted: 2,
      JobsHeld: 1,
    });
  });

  test('keep each time, of which percentiles are made, and add numbers up', () => {
    const times = [1, 2, 3].map((value) => ({ metric: catalogue.RunSeconds, value, of: { jobType: 'a' } }));
    expect(linesOf(times).map((line) => JSON.parse(line))).toMatchObject([{ RunSeconds: [1, 2, 3] }]);
  });

  test('that differ in a dimension are lines of their own', () => {
    const of = (jobType: string) => one(catalogue.JobsSucceeded, { jobType });
    const lines = linesOf([of('a'), of('b'), of('a')]).map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { jobType: 'a', JobsSucceeded: 2 },
      { jobType: 'b', JobsSucceeded: 1 },
    ]);
  });

  test('are in as many lines as the format needs, and none when there is nothing to say', () => {
    const times = Array.from({ length: 250 }, (_, value) => ({ metric: catalogue.DeliverySeconds, value }));
    const lines = linesOf(times).map((line) => Emf.parse(JSON.parse(line)));
    expect(lines.flatMap((line) => line['DeliverySeconds'])).toHaveLength(250);
    expect(linesOf([])).toEqual([]);
  });

  test('of each metric there is are valid, with a value for each dimension that they name', () => {
    for (const metric of Object.values(catalogue)) {
      const of = Object.fromEntries(metric.by.flat().map((name) => [name, 'x']));
      const [line = ''] = linesOf([{ metric, value: 1, of }]);
      const read = Emf.parse(JSON.parse(line));
      const [directive] = read._aws.CloudWatchMetrics;
      for (const name of directive?.Dimensions.flat() ?? []) expect(typeof read[name]).toBe('string');
    }
  });

  test('of ten jobs take at most 300 bytes a job, in all their invocations', () => {
    const jobs = Array.from({ length: 10 }, () => jobIn('waiting', { jobType: 'csv.summarise' }));
    const of = { jobType: 'csv.summarise' };
    const time = (metric: Point['metric']) => jobs.map(() => ({ metric, value: 123.456, of }));
    const count = (metric: Point['metric']) => jobs.map(() => one(metric, of));
    const invocations = [
      jobs.flatMap(accepted),
      [...time(catalogue.WaitSeconds), ...count(catalogue.SubmitCalls)],
      [
        ...time(catalogue.RunSeconds),
        ...time(catalogue.EventDelaySeconds),
        ...count(catalogue.JobsSucceeded),
      ],
      [...time(catalogue.DeliverySeconds), ...count(catalogue.DeliveriesOk)],
    ];
    const bytes = invocations.flatMap(linesOf).reduce((sum, line) => sum + line.length + 1, 0);
    expect(bytes / jobs.length).toBeLessThanOrEqual(300);
  });
});

describe('a port that counts', () => {
  test('counts a write that was carried out, and not one that another process was faster than', async () => {
    const points: string[] = [];
    const { ports } = useCases();
    const jobs = countedJobs(ports.jobs as Parameters<typeof countedJobs>[0], {
      count: (some) => void points.push(...some.map(({ metric }) => metric.name)),
    });
    const job = jobIn('waiting', { queued: undefined });
    await jobs.create(job);
    await jobs.create(job);
    expect(points).toEqual(['JobsAccepted']);
    const next = { ...job, version: job.version + 1, state: 'cancelled' as const };
    expect(await jobs.replace(job, next)).toBe('written');
    expect(await jobs.replace(job, { ...next, state: 'expired' })).toBe('lost');
    expect(points).toEqual(['JobsAccepted', 'JobsCancelled']);
  });

  test('counts each call that the rate limit had no turn for', async () => {
    const points: string[] = [];
    const answers = [
      { kind: 'full', retryAtMs: AT },
      { kind: 'at', atMs: AT },
    ] as const;
    let asked = 0;
    const limiter = countedLimiter(
      { reserve: async () => answers[asked++] ?? answers[1] },
      { count: (some) => void points.push(...some.map(({ metric }) => metric.name)) },
    );
    await limiter.reserve({ weight: 1 });
    await limiter.reserve({ weight: 1 });
    expect(points).toEqual(['PaceFull']);
  });
});
