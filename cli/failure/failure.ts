/** `headgate failure`: failed jobs of all tenants, and in groups of alike ones. */
import * as z from 'zod';
import { groupFailures, listFailures } from '../../application/resources/list-failures.ts';
import { JobTypeId, TenantId } from '../../domain/job/ids.ts';
import { FailureClass } from '../../domain/job/job.ts';
import type { FailureFilter, FailureGroup } from '../../domain/reading/failure-list.ts';
import { FAILURES_KEPT_DAYS, type FailureRow } from '../../domain/reading/failure-row.ts';
import { failedJobView, failureGroupView } from '../../domain/reading/failure-view.ts';
import { MAX_PAGE } from '../../domain/reading/listing.ts';
import { systemClock } from '../../io/process/clock.ts';
import { moment } from '../job/read.ts';
import { refusedBy } from '../program/stopped.ts';
import { second } from '../program/time.ts';
import { flag, type Noun, option, type Values, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { withStack } from '../stack/stack.ts';

const filterOptions = {
  tenant: option('TENANT', 'of this tenant (all)', TenantId.optional()),
  type: option('TYPE', 'of this job type (all)', JobTypeId.optional()),
  class: option('CLASS', `of this class: ${FailureClass.options.join(', ')} (all)`, FailureClass.optional()),
  code: option('CODE', 'with this error code (all)', z.string().max(64).optional()),
  since: option(
    'WHEN',
    `failed since then: 30m, 2h or 7d ago, or a date or time (${FAILURES_KEPT_DAYS} days ago)`,
    moment.optional(),
  ),
  until: option('WHEN', 'failed before then (now)', moment.optional()),
  open: flag('without those that were run again or discarded since'),
};

const DAY_MS = 86_400_000;

function filterOf(values: Values<typeof filterOptions>): FailureFilter {
  const nowMs = systemClock.nowMs();
  return {
    tenantId: values.tenant,
    jobType: values.type,
    class: values.class,
    code: values.code,
    sinceMs: Math.max(values.since ?? 0, nowMs - FAILURES_KEPT_DAYS * DAY_MS),
    untilMs: values.until ?? nowMs + 1,
    isOpen: values.open,
  };
}

const list = verb({
  summary: 'failed jobs, the newest first, with the last lines that their containers printed',
  options: {
    ...filterOptions,
    fingerprint: option('ID', 'of one group of headgate failure groups', z.string().max(8).optional()),
    limit: option(
      'N',
      `at most so many, up to ${MAX_PAGE} (20)`,
      z.coerce.number('expected a number').int().min(1).max(MAX_PAGE).default(20),
    ),
    ...placeOptions,
  },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const filter = { ...filterOf(values), fingerprint: values.fingerprint };
      const page = await listFailures(await stack.records(), filter, { limit: values.limit });
      if (page.kind === 'refused') throw refusedBy(page.problem);
      for (const row of page.rows)
        context.output.show([failedJobView(row)], (shown) => {
          shown.line(
            `${second(row.failedAt)}  ${row.tenantId}  ${row.jobId}  ${row.jobType}  ${row.class}: ${row.code}`,
          );
          shown.hanging('  ', row.message);
          for (const line of linesOf(row)) shown.line({ text: `  | ${line}`, tone: 'dim' });
        });
      context.output.note(countText(page.rows.length, page.next));
      return 'done';
    }),
});

const linesOf = ({ reason, tail = [] }: FailureRow) => [
  ...(reason === undefined ? [] : [`AWS said: ${reason}`]),
  ...tail,
];

const countText = (count: number, next: string | undefined) =>
  `${count} failed ${count === 1 ? 'job' : 'jobs'}${next === undefined ? '.' : '; there may be more before them.'}`;

const groups = verb({
  summary: 'how many jobs failed alike: by job type, class and code, the most frequent first',
  options: { ...filterOptions, ...placeOptions },
  details: 'Up to 1,000 failures are counted, the newest; --until goes on before them.',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const page = await groupFailures(await stack.records(), filterOf(values), undefined);
      if (page.kind === 'refused') throw refusedBy(page.problem);
      context.output.show(page.groups.map(failureGroupView), (shown) =>
        shown.table(
          ['JOBS', 'TENANTS', 'LAST', 'TYPE', 'CLASS: CODE', 'GROUP', 'NEWEST'],
          page.groups.map(groupRow),
        ),
      );
      context.output.note(countText(page.examined, page.next));
      return 'done';
    }),
});

const groupRow = ({
  count,
  tenants,
  lastAt,
  jobType,
  class: cls,
  code,
  fingerprint,
  newest,
}: FailureGroup) => [
  String(count),
  String(tenants),
  second(lastAt),
  jobType,
  `${cls}: ${code}`,
  fingerprint,
  newest.jobId,
];

export const noun: Noun = {
  summary: 'jobs that failed for good, and why',
  verbs: { groups, list },
};
