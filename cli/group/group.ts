/** `headgate group`: jobs that end together. */
import * as z from 'zod';
import { cancelGroup, sealGroup } from '../../application/group/seal.ts';
import { listGroups, listMembers } from '../../application/resources/list-groups.ts';
import type { Group } from '../../domain/group/group.ts';
import { MAX_EXPECTED } from '../../domain/group/group.ts';
import { GroupId, TenantId } from '../../domain/job/ids.ts';
import { groupView } from '../../domain/reading/group-view.ts';
import { summaryOf } from '../../domain/reading/job-view.ts';
import { MAX_PAGE } from '../../domain/reading/listing.ts';
import { systemClock } from '../../io/process/clock.ts';
import { groupLists } from '../../io/table/group/group-lists.ts';
import { readers } from '../job/find.ts';
import { stateTone } from '../job/timeline-text.ts';
import { wholeUpTo } from '../program/numbers.ts';
import type { Span } from '../program/output.ts';
import { notFound, refusedBy } from '../program/stopped.ts';
import { type Context, type Noun, option, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { quietLog, type Stack, withStack } from '../stack/stack.ts';
import { sentenceOf, showGroup, toneOf } from './group-text.ts';

const tenant = { tenant: option('TENANT', 'whose group it is', TenantId) };
const oneGroup = {
  argument: 'GROUP',
  options: { id: { effect: '', schema: GroupId }, ...tenant, ...placeOptions },
};
const paging = {
  limit: option('N', `so many (20), ${MAX_PAGE} at most`, wholeUpTo(MAX_PAGE, 'a number').default(20)),
  cursor: option('CURSOR', 'goes on with a list', z.string().min(1).optional()),
};

async function portsOf(stack: Stack, context: Context) {
  const { groups } = await stack.records();
  return { groups, submitQueue: await stack.queue('submit'), clock: systemClock, log: quietLog(context) };
}

async function found(stack: Stack, { id, tenant: tenantId }: { id: string; tenant: string }): Promise<Group> {
  const group = await (await stack.records()).groups.get({ tenantId, groupId: id });
  if (group === undefined) throw notFound(`There is no group ${id} of this tenant.`);
  return group;
}

function show({ output }: Context, group: Group): void {
  const view = groupView(group);
  output.show([view], (page) => showGroup(page, view));
}

const get = verb({
  ...oneGroup,
  summary: 'its state, and how its members have ended',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      show(context, await found(stack, values));
      return 'done';
    }),
});

const list = verb({
  summary: "a tenant's groups, the newest first",
  options: { ...tenant, ...paging, ...placeOptions },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const page = await listGroups({ groupLists: groupLists(await stack.items()) }, values.tenant, values);
      if (page.kind === 'refused') throw refusedBy(page.problem);
      const views = page.items.map(groupView);
      context.output.show(views, (out) => {
        if (views.length > 0)
          out.table(
            ['CREATED', 'GROUP', 'STATE', 'MEMBERS'],
            views.map((view): Span[] => [
              view.createdAt,
              view.group,
              { text: view.state, tone: toneOf(view) },
              sentenceOf(view),
            ]),
          );
      });
      context.output.note(
        `${views.length} groups.${page.next === undefined ? '' : ` More with --cursor ${page.next}`}`,
      );
      return 'done';
    }),
});

const members = verb({
  ...oneGroup,
  summary: 'its jobs, by their ids',
  options: { ...oneGroup.options, ...paging },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      const mine = readers(records).of(values.tenant);
      const page = await listMembers(records, mine, await found(stack, values), values);
      if (page.kind === 'refused') throw refusedBy(page.problem);
      const rows = page.items.map(({ jobId, job }) => ({ jobId, job: job && summaryOf(job, 'operator') }));
      context.output.show(rows, (out) => {
        if (rows.length > 0)
          out.table(
            ['JOB', 'STATE', 'KEY'],
            rows.map(({ jobId, job }): Span[] => [
              jobId,
              job === undefined ? 'has not come' : { text: job.state, tone: stateTone(job.state) },
              job?.idempotencyKey ?? '',
            ]),
          );
      });
      context.output.note(
        `${rows.length} members.${page.next === undefined ? '' : ` More with --cursor ${page.next}`}`,
      );
      return 'done';
    }),
});

const seal = verb({
  ...oneGroup,
  summary: 'let it end: it takes no more members, or so many as are expected',
  options: {
    ...oneGroup.options,
    expect: option(
      'N',
      'the number of members; absent: those that it has',
      wholeUpTo(MAX_EXPECTED, 'a number').optional(),
    ),
    'timeout-seconds': option(
      'N',
      'then a member that has not come is missing (a week)',
      wholeUpTo(366 * 86_400, 'seconds').optional(),
    ),
  },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const name = { tenantId: values.tenant, groupId: values.id };
      const asked = { expect: values.expect, timeoutSeconds: values['timeout-seconds'] };
      const done = await sealGroup(await portsOf(stack, context), name, asked);
      if (done.kind === 'refused') throw refusedBy(done.problem);
      show(context, done.group);
      return 'done';
    }),
});

const cancel = verb({
  ...oneGroup,
  summary: 'ask for the end of all members; it takes no more',
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      show(context, await cancelGroup(await portsOf(stack, context), await found(stack, values)));
      return 'done';
    }),
});

export const noun: Noun = {
  summary: 'groups of jobs that end together',
  verbs: { list, get, members, seal, cancel },
  details: 'headgate job submit --group GROUP makes a job a member.',
};
