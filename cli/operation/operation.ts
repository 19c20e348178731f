/** `headgate operation`: one act on everything that matches a filter. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { previewOperation } from '../../application/operation/matches.ts';
import { cancelOperation, startOperation } from '../../application/operation/operations.ts';
import { GroupId, JobTypeId, TenantId } from '../../domain/job/ids.ts';
import { FailureClass } from '../../domain/job/job.ts';
import { type OperationFilter, OperationKind, operationView, workOf } from '../../domain/operation/asked.ts';
import { type Operation, UnfinishedState } from '../../domain/operation/operation.ts';
import { Delivery } from '../../domain/webhook/delivery.ts';
import { systemClock } from '../../io/process/clock.ts';
import { deliveryStore } from '../../io/table/deliveries.ts';
import { endpointStore } from '../../io/table/endpoints.ts';
import { jobLists } from '../../io/table/job-lists.ts';
import { operationStore } from '../../io/table/operation/operations.ts';
import { moment } from '../job/read.ts';
import { theOneMeant } from '../program/short-id.ts';
import { refusedBy } from '../program/stopped.ts';
import { second } from '../program/time.ts';
import { type Context, flag, type Noun, option, type Values, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { withStack } from '../stack/stack.ts';

const startOptions = {
  kind: option('KIND', `what is done: ${OperationKind.options.join(', ')}`, OperationKind),
  tenant: option('TENANT', 'of this tenant; to redrive: all if absent', TenantId.optional()),
  since: option('WHEN', 'since then: 30m, 2h or 7d ago, or a date or time (30 days ago)', moment.optional()),
  until: option('WHEN', 'before then (now)', moment.optional()),
  type: option('TYPE', 'redrive, cancel: of this job type', JobTypeId.optional()),
  class: option('CLASS', 'redrive: of this class of failure', FailureClass.optional()),
  code: option('CODE', 'redrive: with this error code', z.string().max(64).optional()),
  fingerprint: option('ID', 'redrive: of one group of headgate failure groups', z.string().max(8).optional()),
  group: option('GROUP', 'redrive: the failed members of this group or array', GroupId.optional()),
  state: option('STATE', 'cancel: in this state when its turn comes', UnfinishedState.optional()),
  endpoint: option('ENDPOINT', 'replay: of this endpoint', z.string().optional()),
  status: option('STATUS', 'replay: with this status', Delivery.shape.status.optional()),
  event: option('TYPE', 'replay: of this type of event', z.string().max(64).optional()),
  job: option('JOB', 'replay: about this job', z.string().optional()),
  perSecond: option(
    'N',
    'so many a second, up to 25 (10)',
    z.coerce.number('expected a number').int().min(1).max(25).default(10),
  ),
  max: option('N', 'at most so many in all', z.coerce.number('expected a number').int().min(1).optional()),
  key: option('KEY', 'of the request: a repeat finds the operation of the first one', z.string().optional()),
  yes: flag('do it; without it only the count is shown'),
  ...placeOptions,
};

function filterOf({ since, until, ...values }: Values<typeof startOptions>): OperationFilter {
  const { tenant, type, class: cls, code, fingerprint, group, state, endpoint, status, event, job } = values;
  const given = { tenant, type, class: cls, code, fingerprint, group, state, endpoint, status, event, job };
  const times = {
    since: since && new Date(since).toISOString(),
    until: until && new Date(until).toISOString(),
  };
  const entries = Object.entries({ ...given, ...times }).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries);
}

const start = verb({
  summary: 'redrive failed jobs, cancel jobs or replay webhooks, all that match',
  options: startOptions,
  details: `Without --yes nothing is done: it says how many match. What the operation itself causes does not match. It goes on in the
stack when this command has ended; headgate operation get shows how far it has come.`,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      const { kind, perSecond, max: most, key = randomUUID() } = values;
      const asked = workOf(kind, filterOf(values), systemClock.nowMs());
      if (asked.kind === 'refused') throw refusedBy(asked.problem);
      const { items } = records;
      const lists = {
        lists: jobLists(items),
        deliveries: deliveryStore(items),
        endpoints: endpointStore(items),
      };
      if (!values.yes) {
        const preview = await previewOperation({ ...records, ...lists }, asked.work);
        if (preview.kind === 'refused') throw refusedBy(preview.problem);
        const { matches, examined, more } = preview;
        context.output.show([{ matches, examined, more }], (shown) =>
          shown.line(`${matches} match${more ? `, of the first ${examined} that were looked at` : ''}.`),
        );
        context.output.note('Nothing was done. With --yes the operation begins.');
        return 'done';
      }
      const done = await startOperation(
        { ...records, operations: operationStore(items) },
        { work: asked.work, perSecond, most, operator: 'command line', requestKey: key },
      );
      if (done.kind === 'refused') throw refusedBy(done.problem);
      show(context, done.operation);
      return 'done';
    }),
});

const list = verb({
  summary: 'operations, the newest first: those that run, and for 30 days those that are over',
  options: placeOptions,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const all = await operationStore(await stack.items()).list();
      context.output.show(all.map(operationView), (shown) =>
        shown.table(['OPERATION', 'KIND', 'STATE', 'DONE', 'FOUND DONE', 'REFUSED', 'STARTED'], all.map(row)),
      );
      return 'done';
    }),
});

const row = ({ operationId, work, state, done, repeated, refused, createdAt }: Operation) => [
  operationId,
  work.kind,
  state,
  String(done),
  String(repeated),
  String(refused),
  second(createdAt),
];

const namedOptions = { id: { effect: '', schema: z.string() }, ...placeOptions };

const get = verb({
  summary: 'how far it has come',
  argument: 'OPERATION',
  options: namedOptions,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      show(context, await meant(operationStore(await stack.items()), values.id));
      return 'done';
    }),
});

const cancel = verb({
  summary: 'end it; what was done stays done',
  argument: 'OPERATION',
  options: namedOptions,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      const operations = operationStore(records.items);
      const { operationId } = await meant(operations, values.id);
      const done = await cancelOperation({ ...records, operations }, operationId);
      if (done.kind === 'refused') throw refusedBy(done.problem);
      show(context, done.operation);
      return 'done';
    }),
});

/** @param given its id, or the beginning of it */
async function meant(operations: ReturnType<typeof operationStore>, given: string): Promise<Operation> {
  return theOneMeant(given, await operations.list(), ({ operationId }) => operationId, 'operation');
}

function show({ output }: Context, operation: Operation): void {
  output.show([operationView(operation)], (shown) => {
    const { operationId, work, state, done, repeated, refused, codes, examined } = operation;
    shown.line(`${operationId}  ${work.kind}  ${state}`);
    shown.line(`  ${done} done, ${repeated} found done, ${refused} refused; ${examined} rows read`);
    for (const [code, count] of Object.entries(codes)) shown.line(`  refused: ${code} ${count}`);
  });
}

export const noun: Noun = {
  summary: 'one act on everything that matches a filter',
  verbs: { start, list, get, cancel },
};
