/** `npm run webhooks`: the endpoints of a tenant, their deliveries, and replays. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { KMSClient } from '@aws-sdk/client-kms';
import {
  type EndpointRequest,
  type Registered,
  register,
  rotate,
  unknown,
} from '../application/webhook/endpoint-setup.ts';
import { findDeliveries, ping, replay } from '../application/webhook/replay.ts';
import { type Problem, problem } from '../domain/errors.ts';
import { type Delivery, RETENTION_MS } from '../domain/webhook/delivery.ts';
import { checkRange, type DeliveryFilter } from '../domain/webhook/delivery-filter.ts';
import { type Endpoint, revoked } from '../domain/webhook/endpoint.ts';
import { needsAllEvents } from '../domain/webhook/notification.ts';
import { type Bus, bus } from '../io/aws/bus.ts';
import { paced } from '../io/aws/dead-letters.ts';
import { type Sealing, sealing } from '../io/aws/keys.ts';
import { type Queue, queue } from '../io/aws/queues.ts';
import { systemClock } from '../io/process/clock.ts';
import { systemRandom } from '../io/process/random.ts';
import { type DeliveryLog, type DeliveryStore, deliveryStore } from '../io/table/deliveries.ts';
import { type EndpointRegister, endpointRegister } from '../io/table/endpoints.ts';
import type { RowUnreadable } from '../io/table/rows.ts';
import { table } from '../io/table/table.ts';
import { print, runCommand } from './command-line.ts';
import { columns } from './dlq-text.ts';
import { type Asked, type OptionsOf, readArguments, USAGE } from './webhooks-options.ts';
import {
  DELIVERY_HEADINGS,
  deliveryPage,
  deliveryRow,
  ENDPOINT_HEADINGS,
  endpointRow,
} from './webhooks-text.ts';
import { clientsFor, findTable, queueUrl } from './where.ts';

interface Run {
  readonly endpoints: EndpointRegister;
  readonly deliveries: DeliveryStore & DeliveryLog;
  readonly keys: Sealing;
  readonly bus: Bus;
  readonly deliveryQueue: () => Promise<Queue>;
  readonly signal: AbortSignal;
}

const nowMs = () => systemClock.nowMs();

/** @returns the exit code */
async function main(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const asked = readArguments(args, nowMs());
  if (asked === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  const { stage, region, 'endpoint-url': endpoint, table: named } = asked.options;
  // The AWS CLI's own variable, which the SDK does not read.
  const given = {
    endpoint,
    region: region ?? environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'],
  };
  const { sqs, dynamo, documents } = clientsFor(given);
  const config = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const [kms, events] = [new KMSClient(config), new EventBridgeClient(config)];
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort(interrupted));
  try {
    const name = named ?? environment['TABLE_NAME'] ?? (await findTable(dynamo, stage));
    const items = table(documents, name, systemRandom);
    return await perform(asked, {
      endpoints: endpointRegister(items),
      deliveries: deliveryStore(items),
      keys: sealing(kms, `alias/headgate-${stage}-webhooks`),
      bus: bus(events, `headgate-${stage}`),
      deliveryQueue: async () => queue(sqs, await queueUrl(sqs, `headgate-${stage}-deliver`)),
      signal: ending.signal,
    });
  } finally {
    for (const client of [sqs, dynamo, kms, events]) client.destroy();
  }
}

const interrupted = new Error('Interrupted; the deliveries replayed so far are pending.');

function perform(asked: Asked, run: Run): Promise<number> {
  switch (asked.command) {
    case 'create':
      return create(asked.options, run);
    case 'endpoints':
      return endpoints(asked.options, run);
    case 'list':
      return list(asked.options, run);
    case 'show':
      return show(asked.options, run);
    case 'replay':
      return replayAll(asked.options, run);
    case 'ping':
      return pingOne(asked.options, run);
    case 'rotate':
      return rotate(portsOf(run), ownerOf(asked.options)).then(showKeys);
    case 'revoke':
      return change(asked.options, run, revoked);
    case 'disable': {
      const disabled = { reason: asked.options.reason, atMs: nowMs() };
      return change(asked.options, run, (endpoint) => ({ ...endpoint, disabled }));
    }
    case 'enable':
      return change(asked.options, run, ({ disabled: _, ...endpoint }) => endpoint);
    case 'remove':
      return remove(asked.options, run);
  }
}

const portsOf = ({ endpoints, keys }: Run) => ({ endpoints, keys, clock: systemClock, random: systemRandom });
const ownerOf = (options: { tenant: string; endpoint: string }) => ({
  tenantId: options.tenant,
  endpointId: options.endpoint,
});

async function create(options: OptionsOf<'create'>, run: Run): Promise<number> {
  const { tenant: tenantId, url, events, description, payload, signature, secret, header } = options;
  const headers = Object.fromEntries(
    header.map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const schemes = signature === 'both' ? (['v1', 'v1a'] as const) : [signature];
  const asked: EndpointRequest = { tenantId, url, events, description, payload, schemes, secret, headers };
  return showKeys(await register(portsOf(run), asked));
}

/** The only moment at which a secret is shown. */
function showKeys(registered: Registered): number {
  if (registered.kind === 'refused') throw new Refused(registered.problem);
  const { endpointId, url } = registered.endpoint;
  print(`${endpointId}  ${url}`);
  for (const key of registered.shown) print(key);
  print('A secret is shown only now.');
  const steps = registered.endpoint.events.filter(needsAllEvents);
  if (steps.length > 0)
    print(`A stage publishes ${steps.join(', ')} only if it is deployed with PublishEvents=all.`);
  return 0;
}

async function endpoints(
  { tenant, json }: OptionsOf<'endpoints'>,
  { endpoints: store }: Run,
): Promise<number> {
  const known = await store.list(tenant);
  if (json === true) {
    for (const { endpoint, health } of known) {
      const { keys, headers, ...rest } = endpoint;
      const told = keys.map(({ sealed: _, ...key }) => key);
      print(JSON.stringify({ ...rest, keys: told, headers: headers?.names ?? [], health }));
    }
    return 0;
  }
  const rows = known.map((each) => endpointRow(each, nowMs()));
  if (rows.length > 0) for (const line of columns([ENDPOINT_HEADINGS, ...rows])) print(line);
  print(`${known.length} of 20 endpoints.`);
  return 0;
}

async function change(
  options: { tenant: string; endpoint: string },
  { endpoints: store }: Run,
  decide: (endpoint: Endpoint) => Endpoint,
): Promise<number> {
  const owner = ownerOf(options);
  const changed = await store.change(owner, decide);
  if (changed === undefined) throw new Refused(unknown(owner));
  for (const line of columns([
    ENDPOINT_HEADINGS,
    endpointRow({ endpoint: changed, health: undefined }, nowMs()),
  ]))
    print(line);
  return 0;
}

async function remove(options: OptionsOf<'remove'>, { endpoints: store }: Run): Promise<number> {
  const owner = ownerOf(options);
  if ((await store.get(owner)) === undefined) throw new Refused(unknown(owner));
  await store.remove(owner);
  print(`${owner.endpointId} removed.`);
  return 0;
}

type Scope = DeliveryFilter & {
  readonly tenant: string;
  readonly endpoint?: string | undefined;
  readonly since: number;
  readonly until: number;
};

function meant(scope: Scope, run: Run): AsyncGenerator<Delivery> {
  const range = { fromMs: scope.since, toMs: scope.until };
  const wrong = checkRange(range);
  if (wrong !== undefined) throw new Refused(wrong);
  const { tenant: tenantId, endpoint: endpointId, ...filter } = scope;
  return findDeliveries(run, { ...filter, tenantId, endpointId, range }, complain);
}

/** One delivery that cannot be read must not hide the others. */
function complain(error: RowUnreadable): void {
  process.stderr.write(`${error.message}.\n`);
}

async function all(rows: AsyncIterable<Delivery>): Promise<Delivery[]> {
  const found: Delivery[] = [];
  for await (const row of rows) found.push(row);
  return found;
}

async function list(options: OptionsOf<'list'>, run: Run): Promise<number> {
  const rows = await all(meant(options, run));
  if (options.json === true) {
    for (const row of rows) print(JSON.stringify(row));
    return 0;
  }
  if (rows.length > 0) for (const line of columns([DELIVERY_HEADINGS, ...rows.map(deliveryRow)])) print(line);
  print(`${rows.length} deliveries.`);
  return 0;
}

async function show(options: OptionsOf<'show'>, run: Run): Promise<number> {
  for await (const row of meant(options, run)) {
    print(deliveryPage(row, await run.deliveries.tries(row)));
    return 0;
  }
  throw new Error(`No delivery to ${options.tenant} has the id ${options.id} in that time.`);
}

async function replayAll(options: OptionsOf<'replay'>, run: Run): Promise<number> {
  const since = options.since ?? options.until - RETENTION_MS;
  const found = await all(meant({ ...options, since }, run));
  if (found.length === 0 && options.id !== undefined)
    throw new Error(`No delivery has the id ${options.id}.`);
  const disabled = new Set(
    (await run.endpoints.list(options.tenant)).flatMap(({ endpoint }) =>
      endpoint.disabled === undefined ? [] : [endpoint.endpointId],
    ),
  );
  const off = found.find(({ endpointId }) => disabled.has(endpointId));
  if (off !== undefined)
    throw new Refused(problem('endpoint_disabled', '/endpoint', `Enable ${off.endpointId} first.`));
  const chosen = found.slice(0, options.max);
  const lines = columns(chosen.map(deliveryRow));
  if (options['dry-run'] === true) {
    for (const line of lines) print(line);
    print(`${chosen.length} would be replayed.`);
    return 0;
  }
  const deliveryQueue = await run.deliveryQueue();
  let count = 0;
  try {
    for await (const [i, row] of paced([...chosen.entries()], options.rate, run.signal)) {
      const outcome = await replay({ ...run, deliveryQueue, clock: systemClock }, row);
      if (outcome === 'replayed') count++;
      print(`${lines[i]}  ${outcome === 'replayed' ? outcome : 'kept: it is on its way'}`);
    }
  } finally {
    print(`${count} of ${chosen.length} replayed.`);
  }
  run.signal.throwIfAborted();
  return 0;
}

const PING_PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 200;

async function pingOne(options: OptionsOf<'ping'>, run: Run): Promise<number> {
  const owner = ownerOf(options);
  const endpoint = await run.endpoints.get(owner);
  if (endpoint === undefined) throw new Refused(unknown(owner));
  if (endpoint.disabled !== undefined)
    throw new Refused(problem('endpoint_disabled', '/endpoint', `${owner.endpointId} is disabled.`));
  const name = await ping({ bus: run.bus, clock: systemClock, random: systemRandom }, owner);
  const untilMs = nowMs() + PING_PATIENCE_MS;
  while (nowMs() < untilMs && !run.signal.aborted) {
    const row = await run.deliveries.get(name);
    if (row?.last !== undefined) {
      print(deliveryPage(row, await run.deliveries.tries(row)));
      return row.status === 'delivered' ? 0 : 1;
    }
    await systemClock.waitUntil(nowMs() + LOOK_EVERY_MS);
  }
  throw new Error(`No answer to ${name.webhookId} yet; show it later.`);
}

class Refused extends Error {
  constructor({ code, message }: Problem) {
    super(`${code}: ${message}`);
  }
}

await runCommand(() => main(process.argv.slice(2), process.env));
