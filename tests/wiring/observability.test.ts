/** An alarm that watches a number that nothing counts is silent for ever, and one that does not say what to do wakes a person for nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import * as catalogue from '../../domain/metrics/catalogue.ts';
import { LambdaFunction, resources, root, template } from '../support/template.ts';
import { anchorsOf } from './pages.ts';

const Dimensions = z.array(z.strictObject({ Name: z.string(), Value: z.unknown() })).default([]);
const Watched = z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions });
type Watched = z.infer<typeof Watched>;
const Alarm = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string().max(1024),
  AlarmActions: z.unknown(),
  TreatMissingData: z.enum(['breaching', 'notBreaching']),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions,
  Metrics: z
    .array(
      z.object({
        Id: z.string().regex(/^[a-z]\w*$/),
        Expression: z.string().optional(),
        MetricStat: z.object({ Metric: Watched }).optional(),
      }),
    )
    // CloudWatch user guide, "CloudWatch service quotas": ten metrics in an alarm, beside its expression.
    .max(11)
    .default([]),
});
const alarms = resources('AWS::CloudWatch::Alarm', Alarm);
const watchedBy = ({ Namespace, MetricName, Dimensions, Metrics }: z.infer<typeof Alarm>): Watched[] => [
  ...(Namespace && MetricName ? [{ Namespace, MetricName, Dimensions }] : []),
  ...Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []),
];

const page = readFileSync(join(root, 'docs/operating/alarms.md'), 'utf8');
const anchors = anchorsOf({ path: 'docs/operating/alarms.md', text: page }).slice(1);
const anchorIn = (description: string) => /docs\/operating\/alarms\.md#([a-z-]+)$/.exec(description)?.[1];

/** A metric with its dimensions but the stage, as text. */
const named = (name: string, dimensions: readonly string[]) => [name, ...dimensions].join(' by ');
const counted = new Set(
  Object.values(catalogue).flatMap(({ name, by }) => by.map((set) => named(name, set.toSorted()))),
);
const ours = (some: readonly Watched[]) =>
  some
    .filter(({ Namespace }) => Namespace === 'Headgate')
    .map(({ MetricName, Dimensions }) =>
      named(MetricName, Dimensions.flatMap(({ Name }) => (Name === 'stage' ? [] : Name)).toSorted()),
    );

const Widgets = z.object({
  widgets: z.array(
    z.object({
      type: z.string(),
      properties: z.object({
        title: z.string(),
        alarms: z.array(z.string()).default([]),
        metrics: z.array(z.array(z.unknown())).default([]),
      }),
    }),
  ),
});
const Dashboard = z.object({ DashboardBody: z.object({ 'Fn::Sub': z.string() }) });
const [[, dashboard] = []] = resources('AWS::CloudWatch::Dashboard', Dashboard);
const { widgets } = Widgets.parse(JSON.parse(dashboard?.DashboardBody['Fn::Sub'] ?? '{}'));

function shown(line: readonly unknown[]): string[] {
  const [namespace, name, ...rest] = line;
  if (namespace !== 'Headgate') return [];
  const dimensions = rest.filter((_, place) => place % 2 === 0 && typeof rest[place] === 'string');
  return [
    named(
      String(name),
      dimensions
        .map(String)
        .filter((each) => each !== 'stage')
        .toSorted(),
    ),
  ];
}
const onDashboard = widgets.flatMap(({ properties }) => properties.metrics.flatMap(shown));
const queues = resources('AWS::SQS::Queue', z.object({ RedrivePolicy: z.unknown().optional() }));

describe.each(alarms)('%s', (_id, alarm) => {
  it('says what to do, and names the heading that says more', () => {
    expect(anchors).toContain(anchorIn(alarm.AlarmDescription));
    expect(alarm.AlarmDescription.split('. ').length).toBeGreaterThanOrEqual(2);
  });

  it('watches numbers that the code counts, under the dimensions that it counts them by', () => {
    const watched = watchedBy(alarm);
    expect(watched.length).toBeGreaterThan(0);
    expect(ours(watched).filter((each) => !counted.has(each))).toEqual([]);
    for (const { Namespace, Dimensions } of watched)
      if (Namespace === 'Headgate') expect(Dimensions).toContainEqual({ Name: 'stage', Value: 'dev' });
  });

  it('tells the topic of the parameter, and nothing without one', () => {
    const nothing = { Ref: 'AWS::NoValue' };
    expect(alarm.AlarmActions).toEqual({ 'Fn::If': ['TellsTopic', [{ Ref: 'AlarmTopicArn' }], nothing] });
  });
});

it('the silence of tick alone counts as a fault, and it is the first alarm', () => {
  const silent = alarms.filter(([, { TreatMissingData }]) => TreatMissingData === 'breaching');
  expect(silent.map(([id]) => id)).toEqual(['TickSilentAlarm']);
  expect(alarms[0]?.[0]).toBe('TickSilentAlarm');
});

it('each heading of the page of alarms has an alarm', () => {
  const used = new Set(alarms.map(([, { AlarmDescription }]) => anchorIn(AlarmDescription)));
  expect(anchors.filter((anchor) => !used.has(anchor))).toEqual([]);
});

it('each metric that the code counts is watched by an alarm or shown on the dashboard', () => {
  const used = [...alarms.flatMap(([, alarm]) => ours(watchedBy(alarm))), ...onDashboard].map(
    (each) => each.split(' by ')[0],
  );
  const unused = Object.values(catalogue).filter(({ name }) => !used.includes(name));
  expect(unused.map(({ name }) => name)).toEqual([]);
});

it('the dashboard shows numbers that the code counts, and every alarm', () => {
  expect(onDashboard.filter((each) => !counted.has(each))).toEqual([]);
  const named = widgets.flatMap(({ properties }) => properties.alarms);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: for Fn::Sub
  const arn = 'arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:';
  expect(named.toSorted()).toEqual(alarms.map(([, { AlarmName }]) => arn + AlarmName).toSorted());
});

const wantedOf = (metric: string) =>
  alarms.flatMap(([, alarm]) =>
    watchedBy(alarm).flatMap(({ MetricName, Dimensions }) => (MetricName === metric ? Dimensions : [])),
  );

it.each(queues)('an alarm watches %s', (id, { RedrivePolicy }) => {
  const metric =
    RedrivePolicy === undefined ? 'ApproximateNumberOfMessagesVisible' : 'ApproximateAgeOfOldestMessage';
  expect(wantedOf(metric)).toContainEqual({ Name: 'QueueName', Value: { 'Fn::GetAtt': [id, 'QueueName'] } });
});

it.each(['Errors', 'Throttles'])('an alarm watches the %s of each function', (metric) => {
  // A run that fails is a job that fails, and those have alarms of their own.
  const functions = resources('AWS::Lambda::Function', LambdaFunction).filter(
    ([, { Role }]) => Role !== 'RunRole',
  );
  const watched = wantedOf(metric).map(({ Value }) => z.object({ Ref: z.string() }).parse(Value).Ref);
  expect(watched.toSorted()).toEqual(functions.map(([id]) => id).toSorted());
});

it('the saved queries look at the log of each function', () => {
  const Query = z.object({ LogGroupNames: z.array(z.object({ Ref: z.string() })), QueryString: z.string() });
  const queries = resources('AWS::Logs::QueryDefinition', Query);
  const groups = Object.keys(template.Resources).filter(
    (id) => template.Resources[id]?.Type === 'AWS::Logs::LogGroup' && id !== 'WorkerLogGroup',
  );
  expect(queries.length).toBeGreaterThanOrEqual(3);
  for (const [, { LogGroupNames }] of queries)
    expect(LogGroupNames.map(({ Ref }) => Ref).toSorted()).toEqual(groups.toSorted());
});
