/** `headgate schedule`: jobs that run by the clock. */
import { readFile } from 'node:fs/promises';
import { text as allOf } from 'node:stream/consumers';
import * as z from 'zod';
import type { Refused } from '../../application/resources/refused.ts';
import {
  deleteSchedule,
  type Found,
  getSchedule,
  listSchedules,
  nextRuns,
  type PutSchedulePorts,
  pauseSchedule,
  putSchedule,
  resumeSchedule,
  runSchedule,
} from '../../application/schedule/schedules.ts';
import { ObjectUri, TenantId } from '../../domain/job/ids.ts';
import {
  boundedCalendar,
  occurrencesAfter,
  type Schedule,
  ScheduleId,
} from '../../domain/schedule/schedule.ts';
import type { TenantDefaults } from '../../domain/tenant/policy.ts';
import { systemClock } from '../../io/process/clock.ts';
import { systemRandom } from '../../io/process/random.ts';
import { jobTypes } from '../../job-types.ts';
import { misused, notFound, refusedBy } from '../program/stopped.ts';
import { type Context, type Noun, option, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { quietLog, type Stack, withStack } from '../stack/stack.ts';
import { scheduleLines, scheduleRecord, timesOf } from './schedule-text.ts';

const id = { effect: '', schema: ScheduleId };
const tenant = { tenant: option('TENANT', 'whose schedule it is', TenantId) };
const oneSchedule = { argument: 'SCHEDULE', options: { id, ...tenant, ...placeOptions } };

/** The defaults of a stage are its parameters; intake has the last word on each job. */
const defaults: TenantDefaults = {
  admitUnknown: true,
  cap: 0,
  waitingQuota: 100_000,
  priorityCeiling: 'urgent',
  abovePriorityCeiling: 'clamp',
};
const OBJECT_DAYS = 30;

async function portsOf(stack: Stack, context: Context, bucket = ''): Promise<PutSchedulePorts> {
  const { schedules, jobs, tenants } = await stack.records();
  const frontQueue = await stack.queue('front');
  const found = { schedules, jobs, tenants, frontQueue, bucket, objectDays: OBJECT_DAYS };
  return { ...found, clock: systemClock, log: quietLog(context), types: jobTypes, defaults };
}

const put = verb({
  summary: 'make a schedule, or change it from its next occurrence on',
  argument: 'SCHEDULE',
  options: {
    id,
    ...tenant,
    definition: option('JSON|@FILE|-', 'what it says, a file with it, or standard input', z.string().min(1)),
    ...placeOptions,
  },
  details: `headgate schedule put nightly --tenant acme --definition '{"cron":"0 2 * * *","timeZone":"Europe/Berlin","job":{…}}'

docs/using/schedules.md has the fields.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const body = await textOf(values.definition);
      const ports = await portsOf(stack, context, bucketNamedIn(body));
      const done = await putSchedule(ports, { tenantId: values.tenant, scheduleId: values.id }, body);
      if (done.kind === 'refused') throw refusedBy(done.problem);
      context.output.show([{ outcome: done.kind, ...scheduleRecord(done.schedule) }], (page) => {
        page.line(`${values.id} of ${values.tenant}: ${done.kind}.`);
        for (const line of scheduleLines(done.schedule, nextOf(done.schedule))) page.line(line);
      });
      return 'done';
    }),
});

async function textOf(given: string): Promise<string> {
  if (given === '-') return allOf(process.stdin);
  if (!given.startsWith('@')) return given;
  return readFile(given.slice(1), 'utf8').catch(() => {
    throw misused(`--definition: expected a file that can be read, found none at ${given.slice(1)}.`);
  });
}

/** Intake knows the bucket of the stack, and refuses the job if this is another. */
function bucketNamedIn(text: string): string | undefined {
  const [uri] = /s3:\/\/[^"]+/.exec(text) ?? [];
  return uri === undefined || !ObjectUri.safeParse(uri).success ? undefined : uri.split('/')[2];
}

const SHOWN = 5;
const nextOf = (schedule: Schedule) => nextRuns(schedule, systemClock.nowMs(), SHOWN);

const get = verb({
  ...oneSchedule,
  summary: 'what it says, its next runs, and what became of the last ones',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const { schedules } = await stack.records();
      const found = await getSchedule({ schedules }, { tenantId: values.tenant, scheduleId: values.id });
      show(found, values.id, context);
      return 'done';
    }),
});

function show(found: Found | Refused, scheduleId: string, { output }: Context): void {
  if (found.kind === 'refused') throw notFound(`There is no schedule ${scheduleId} of this tenant.`);
  const next = nextOf(found.schedule);
  output.show([{ ...scheduleRecord(found.schedule), next: timesOf(next) }], (page) => {
    for (const line of scheduleLines(found.schedule, next)) page.line(line);
  });
}

const list = verb({
  summary: "a tenant's schedules with their next runs",
  options: { ...tenant, ...placeOptions },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const { schedules } = await stack.records();
      const found = await listSchedules({ schedules }, values.tenant);
      context.output.show(found.map(scheduleRecord), (page) =>
        page.table(
          ['SCHEDULE', 'CRON', 'TIME ZONE', 'NEXT RUN'],
          found.map(({ scheduleId, cron, timeZone, nextAt, paused }) => [
            scheduleId,
            cron,
            timeZone,
            paused === undefined ? (timesOf(nextAt === undefined ? [] : [nextAt])[0] ?? 'none') : 'paused',
          ]),
        ),
      );
      context.output.note(`${found.length} ${found.length === 1 ? 'schedule' : 'schedules'}.`);
      return 'done';
    }),
});

const pause = verb({
  ...oneSchedule,
  summary: 'let it rest; running jobs go on, and one of the next minute may be on its way',
  options: {
    ...oneSchedule.options,
    reason: option('TEXT', 'why, for the reader of headgate schedule get', z.string().trim().min(1).max(256)),
  },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const name = { tenantId: values.tenant, scheduleId: values.id };
      show(
        await pauseSchedule(await portsOf(stack, context), name, { reason: values.reason, by: 'operator' }),
        values.id,
        context,
      );
      return 'done';
    }),
});

const resume = verb({
  ...oneSchedule,
  summary: 'let it run again; what fell into the pause does not run',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const name = { tenantId: values.tenant, scheduleId: values.id };
      show(await resumeSchedule(await portsOf(stack, context), name, 'operator'), values.id, context);
      return 'done';
    }),
});

const remove = verb({
  ...oneSchedule,
  summary: 'end it; its jobs stay',
  aliases: ['remove'],
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const name = { tenantId: values.tenant, scheduleId: values.id };
      const done = await deleteSchedule(await portsOf(stack, context), name, 'operator');
      if (done.kind === 'refused') throw notFound(`There is no schedule ${values.id} of this tenant.`);
      context.output.show([name], (page) => page.line(`${values.id} of ${values.tenant} is deleted.`));
      return 'done';
    }),
});

const run = verb({
  ...oneSchedule,
  summary: 'one job more, now, also while it is paused',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const name = { tenantId: values.tenant, scheduleId: values.id };
      const done = await runSchedule(await portsOf(stack, context), name, systemRandom.token());
      if (done.kind === 'refused') throw notFound(`There is no schedule ${values.id} of this tenant.`);
      context.output.show([{ jobId: done.jobId }], (page) => page.line(`${done.jobId} is sent.`));
      return 'done';
    }),
});

const next = verb({
  summary: 'when a cron expression runs, without a stack',
  argument: 'CRON',
  options: {
    id: { effect: '', schema: z.string().min(1) },
    'time-zone': option('ZONE', 'of the IANA database (UTC)', z.string().default('UTC')),
    count: option(
      'N',
      'how many (5)',
      z
        .string()
        .regex(/^[1-9]\d?$/, 'expected a number from 1 to 99')
        .transform(Number)
        .default(SHOWN),
    ),
  },
  run: async (values, { output }) => {
    const timing = { cron: values.id, timeZone: values['time-zone'] };
    const calendar = boundedCalendar(timing);
    if ('code' in calendar) throw refusedBy(calendar);
    const times = timesOf(occurrencesAfter(calendar, systemClock.nowMs(), values.count));
    output.show(
      times.map((at) => ({ at })),
      (page) => {
        for (const at of times) page.line(at);
      },
    );
    output.note(times.length === 0 ? 'It never runs.' : `${times.length} of them, in UTC.`);
    return 'done';
  },
});

export const noun: Noun = {
  summary: 'jobs that run by the clock',
  verbs: { list, get, put, pause, resume, run, delete: remove, next },
};
