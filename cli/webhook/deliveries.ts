/** `headgate webhook deliveries`, `delivery` and `replay`. */
import {
  findDeliveries,
  replay as replayDelivery,
  sendingProblem,
} from '../../application/webhook/replay.ts';
import { type Delivery, RETENTION_MS } from '../../domain/webhook/delivery.ts';
import { checkRange, type DeliveryFilter } from '../../domain/webhook/delivery-filter.ts';
import { paced } from '../../io/aws/dead-letters.ts';
import { aligned } from '../program/output.ts';
import { isMeant, theOneMeant } from '../program/short-id.ts';
import { refusedBy, Stopped } from '../program/stopped.ts';
import { type Context, type Ending, type Values, verb } from '../program/verb.ts';
import { DELIVERY_HEADINGS, deliveryRow, writeDelivery } from './delivery-text.ts';
import { deliveriesOptions, deliveryOptions, replayOptions, requireBounds } from './options.ts';
import { endpointOf, type WebhookPorts, withWebhooks } from './ports.ts';

interface Scope extends Omit<DeliveryFilter, 'id'> {
  readonly id?: string | undefined;
  readonly tenant: string;
  readonly endpoint?: string | undefined;
  readonly since: number;
  readonly until: number;
}

async function findAll(scope: Scope, ports: WebhookPorts, { output }: Context): Promise<Delivery[]> {
  const range = { fromMs: scope.since, toMs: scope.until };
  const wrong = checkRange(range);
  if (wrong !== undefined) throw refusedBy(wrong);
  const { tenant: tenantId, endpoint, id, status, event, job } = scope;
  const endpointId =
    endpoint === undefined ? undefined : (await endpointOf(ports, tenantId, endpoint)).endpointId;
  const search = { status, event, tenantId, endpointId, range };
  const found: Delivery[] = [];
  // One delivery that cannot be read must not hide the others.
  for await (const row of findDeliveries(ports, search, (error) => output.warn(`${error.message}.`)))
    if (
      (id === undefined || isMeant(id, row.webhookId)) &&
      (job === undefined || isMeant(job, row.jobId ?? ''))
    )
      found.push(row);
  if (id === undefined) return found;
  return [
    theOneMeant(id, found, ({ webhookId }) => webhookId, `delivery to ${tenantId} in that time with the id`),
  ];
}

export const deliveries = verb({
  summary: 'what was sent to a tenant in a day, or in another time',
  options: deliveriesOptions,
  run: (values, context) =>
    withWebhooks(values, context, async (ports) => {
      const rows = await findAll(values, ports, context);
      context.output.show(rows, (page) => {
        if (rows.length > 0) page.table(DELIVERY_HEADINGS, rows.map(deliveryRow));
      });
      context.output.note(`${rows.length} deliveries.`);
      return 'done';
    }),
});

export const delivery = verb({
  summary: 'all of one delivery: its tries with their answers, and its body',
  argument: 'ID',
  options: deliveryOptions,
  run: (values, context) =>
    withWebhooks(values, context, async (ports) => {
      for (const row of await findAll(values, ports, context)) {
        const tries = await ports.deliveries.tries(row);
        context.output.show([{ ...row, answers: tries }], (page) => writeDelivery(page, row, tries));
      }
      return 'done';
    }),
});

export const replay = verb({
  summary: 'send deliveries again',
  argument: 'ID',
  options: replayOptions,
  run: (values, context) =>
    withWebhooks(values, context, (ports) => {
      requireBounds(values);
      return replayAll(values, ports, context);
    }),
});

async function replayAll(
  values: Values<typeof replayOptions>,
  ports: WebhookPorts,
  context: Context,
): Promise<Ending> {
  const { output, signal } = context;
  const since = values.since ?? values.until - RETENTION_MS;
  const found = await findAll({ ...values, since }, ports, context);
  await requireEnabled(found, values.tenant, ports);
  const chosen = found.slice(0, values.max);
  const rows = aligned(chosen.map(deliveryRow));
  if (values['dry-run'] || (values.id === undefined && !values.yes)) {
    output.show(chosen, (page) => page.table(undefined, chosen.map(deliveryRow)));
    output.note(`${chosen.length} would be replayed.${values['dry-run'] ? '' : ' --yes does it.'}`);
    return 'done';
  }
  const deliveryQueue = await ports.deliveryQueue();
  let count = 0;
  try {
    for await (const [i, row] of paced([...chosen.entries()], values.rate, signal)) {
      const outcome = await replayDelivery({ ...ports, deliveryQueue }, row);
      if (outcome === 'replayed') count++;
      output.show([{ webhookId: row.webhookId, endpointId: row.endpointId, outcome }], (page) =>
        page.line(...(rows[i] ?? []), '  ', outcome === 'replayed' ? outcome : 'kept: it is on its way'),
      );
    }
  } finally {
    output.note(`${count} of ${chosen.length} replayed.`);
  }
  if (signal.aborted)
    throw new Stopped('interrupted', 'Interrupted; the deliveries replayed so far are pending.');
  return 'done';
}

async function requireEnabled(found: readonly Delivery[], tenantId: string, { endpoints }: WebhookPorts) {
  const meant = new Set(found.map(({ endpointId }) => endpointId));
  for (const { endpoint } of await endpoints.list(tenantId)) {
    const off = meant.has(endpoint.endpointId) ? sendingProblem(endpoint) : undefined;
    if (off !== undefined) throw refusedBy(off);
  }
}
