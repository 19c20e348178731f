/**
 * Receivers that fail, hang, redirect, ask for a pause or are gone, and the ends of their webhooks. The schedule is
 * the real one; the clock of the stack is moved forward, so that three days pass in a minute.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { register } from '../application/webhook/endpoint-setup.ts';
import type { Delivery } from '../domain/webhook/delivery.ts';
import { pingEvent } from '../domain/webhook/notification.ts';
import { eventQueue } from '../io/aws/bus.ts';
import { sealing } from '../io/aws/keys.ts';
import { queue } from '../io/aws/queues.ts';
import { systemClock } from '../io/process/clock.ts';
import { systemRandom } from '../io/process/random.ts';
import { deliveryStore } from '../io/table/deliveries.ts';
import { endpointRegister } from '../io/table/endpoints.ts';
import { table } from '../io/table/table.ts';
import { tenantStore } from '../io/table/tenants.ts';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { built } from '../tools/build.ts';
import { awsClients } from './clients.ts';
import {
  type Arrival,
  after,
  answer,
  hang,
  inTurn,
  openReceiver,
  type Receiver,
  type TryOutcome,
} from './receiver.ts';
import { imageFolders } from './sample.ts';
import type { Screen } from './screen.ts';
import { outputOf } from './seed.ts';

const STEADY = ['globex', 'initech', 'umbrella'] as const;
const HANGING = 'acme';
const ENDPOINT = 'whe_demo';

/** One tenant each, and the outcome of its server at the first, second, … try of a webhook. */
const stories = (inside: string): Readonly<Record<string, TryOutcome>> => ({
  recovers: inTurn(answer(500), answer(503), answer(500), answer(204)),
  busy: inTurn(answer(429, { 'retry-after': '600' }), answer(204)),
  moved: answer(302, { location: `${inside}/latest/meta-data/` }),
  gone: answer(410),
});

export async function webhooksDemo(show: Screen, signal: AbortSignal): Promise<number> {
  const inside = await openReceiver();
  const receiver = await openReceiver((arrival) => showArrival(show, arrival));
  const cloud = await startCloud({
    template: built.template,
    bundles: built.functions,
    images: imageFolders,
    functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: receiver.origin },
  });
  const stage = await setUp(cloud, receiver);
  try {
    show.text();
    show.text('Each line is one POST and its answer.');
    const failed = [
      ...(await policies(show, stage, inside, signal)),
      ...(await bulkhead(show, stage, signal)),
    ];
    if (inside.arrivals.length > 0) failed.push('the target of a redirect was connected to');
    show.text();
    for (const fault of failed) show.text(`Not as expected: ${fault}.`);
    if (failed.length === 0)
      show.text('No webhook was lost, and the target of the redirect was never connected to.');
    return failed.length === 0 && !signal.aborted ? 0 : 1;
  } finally {
    stage.close();
    await cloud.close();
    await Promise.all([receiver.close(), inside.close()]);
  }
}

interface Stage {
  readonly cloud: Cloud;
  readonly receiver: Receiver;
  addTenant(tenantId: string, outcome: TryOutcome): Promise<void>;
  /** A ping through queue and function, as any other event. */
  ping(tenantId: string): Promise<void>;
  rows(tenantId: string): Promise<Delivery[]>;
  close(): void;
}

async function setUp(cloud: Cloud, receiver: Receiver): Promise<Stage> {
  const clients = awsClients(cloud.environment);
  const items = table(clients.dynamo, outputOf(cloud.outputs, 'JobsTableName'), systemRandom);
  const [endpoints, deliveries] = [endpointRegister(items), deliveryStore(items)];
  const keys = sealing(clients.kms, outputOf(cloud.outputs, 'WebhookKeyId'));
  const events = eventQueue(queue(clients.sqs, cloud.physicalId('NotifyQueue')));
  return {
    cloud,
    receiver,
    async addTenant(tenantId, outcome) {
      await tenantStore(items).put({ tenantId, status: 'active' });
      const asked = { tenantId, endpointId: ENDPOINT, url: receiver.behave(tenantId, outcome) };
      const ports = { endpoints, keys, clock: systemClock, random: systemRandom };
      const registered = await register(ports, asked, [receiver.origin]);
      if (registered.kind === 'refused') throw new Error(registered.problem.message);
    },
    ping: (tenantId) =>
      events.publish([
        pingEvent({ tenantId, endpointId: ENDPOINT }, systemRandom.token(), systemClock.nowMs()),
      ]),
    async rows(tenantId) {
      const found: Delivery[] = [];
      const toMs = systemClock.nowMs();
      const endpoint = { tenantId, endpointId: ENDPOINT };
      for await (const row of deliveries.between(endpoint, toMs - 29 * 86_400_000, toMs)) found.push(row);
      return found;
    },
    close: clients.close,
  };
}

function showArrival(show: Screen, { path, webhookId, nth, answered }: Arrival): void {
  const tenantId = path.slice(1);
  // Webhooks of the steady tenants are counted, not shown one by one.
  if (STEADY.some((steady) => steady === tenantId) || (tenantId === HANGING && nth > 1)) return;
  show.line(tenantId, webhookId, `try ${nth}`, answered === 'nothing' ? 'hangs' : `answers ${answered}`);
}

const TURN_MS = 10 * 60_000;
const LOOK_MS = 400;

/** Moves the clock forward until no delivery of these tenants is pending. */
async function untilOver(stage: Stage, tenants: readonly string[], count: number, signal: AbortSignal) {
  for (let turn = 0; turn < 300 && !signal.aborted; turn++) {
    const rows = (await Promise.all(tenants.map((tenantId) => stage.rows(tenantId)))).flat();
    if (rows.length >= count && rows.every(({ status }) => status !== 'pending')) return rows;
    await pause(LOOK_MS);
    // The first seconds pass in real time, so that the first retry is visible.
    if (turn > 20) stage.cloud.clock.advance(TURN_MS * Math.min(36, 1 + Math.floor(turn / 10)));
  }
  return (await Promise.all(tenants.map((tenantId) => stage.rows(tenantId)))).flat();
}

const MEANT: Readonly<Record<string, string>> = {
  recovers: 'delivered',
  busy: 'delivered',
  moved: 'exhausted',
  gone: 'abandoned',
};

async function policies(
  show: Screen,
  stage: Stage,
  inside: Receiver,
  signal: AbortSignal,
): Promise<string[]> {
  const tenants = Object.entries(stories(inside.origin));
  for (const [tenantId, outcome] of tenants) await stage.addTenant(tenantId, outcome);
  for (const [tenantId] of tenants) await stage.ping(tenantId);
  const names = tenants.map(([tenantId]) => tenantId);
  const rows = await untilOver(stage, names, names.length, signal);
  show.text();
  for (const row of rows) {
    const tries = `${row.tries} ${row.tries === 1 ? 'try' : 'tries'}`;
    show.text(
      `${row.tenantId.padEnd(10)} ${row.status.padEnd(10)} ${tries}, the last: ${row.last?.answer ?? 'none'}`,
    );
  }
  return names
    .filter((name) => rows.find(({ tenantId }) => tenantId === name)?.status !== MEANT[name])
    .map((name) => `the webhook of ${name} is not ${MEANT[name]}`);
}

const PACE = { rounds: 100, everyMs: 100 };

/** The same traffic twice, the second time beside a tenant whose server accepts everything and answers nothing. */
async function bulkhead(show: Screen, stage: Stage, signal: AbortSignal): Promise<string[]> {
  for (const tenantId of STEADY) await stage.addTenant(tenantId, answer(204));
  await stage.addTenant(HANGING, hang);
  // Lambda has as many sandboxes as it needs; here they are started first, so that their start is not measured.
  for (const tenantId of STEADY) stage.receiver.behave(tenantId, after(200, answer(204)));
  await traffic(stage, STEADY, { rounds: 100, everyMs: 0 }, signal);
  for (const tenantId of STEADY) stage.receiver.behave(tenantId, answer(204));
  // The endpoints that were suspected under that load are not any more.
  stage.cloud.clock.advance(60_000);
  const alone = await traffic(stage, STEADY, PACE, signal);
  show.text();
  const beside = await traffic(stage, [...STEADY, HANGING], PACE, signal);
  show.text();
  show.text(`p99 from event to POST, ${STEADY.length} steady tenants: ${alone.toFixed(0)} ms alone,`);
  show.text(
    `${beside.toFixed(0)} ms beside ${HANGING}, whose server hangs: ${(beside / alone).toFixed(2)} times.`,
  );

  stage.receiver.behave(HANGING, answer(204));
  show.text(`${HANGING} is repaired.`);
  const owed = await untilOver(stage, [HANGING], PACE.rounds, signal);
  const got = owed.filter(({ status }) => status === 'delivered').length;
  show.text(`${got} of its ${PACE.rounds} webhooks delivered in the end.`);
  return got === PACE.rounds ? [] : [`${PACE.rounds - got} webhooks of ${HANGING} were not delivered`];
}

/** @returns p99 of the steady tenants, from the event to the arrival of its webhook */
async function traffic(
  stage: Stage,
  tenants: readonly string[],
  { rounds, everyMs }: { rounds: number; everyMs: number },
  signal: AbortSignal,
): Promise<number> {
  const sent = new Map<string, number[]>(tenants.map((tenantId) => [tenantId, []]));
  const before = stage.receiver.arrivals.length;
  const steady = () => stage.receiver.arrivals.slice(before).filter(({ path }) => path !== `/${HANGING}`);
  const wanted = rounds * STEADY.length;
  for (let round = 0; round < rounds && !signal.aborted; round++) {
    await Promise.all(
      tenants.map(async (tenantId) => {
        sent.get(tenantId)?.push(performance.now());
        await stage.ping(tenantId);
      }),
    );
    await pause(everyMs);
  }
  for (let looks = 0; looks < 200 && steady().length < wanted && !signal.aborted; looks++) await pause(50);
  // Events of one tenant are alike, so the nth arrival is counted for the nth event.
  const latencies = STEADY.flatMap((tenantId) =>
    steady()
      .filter(({ path }) => path === `/${tenantId}`)
      .map(({ atMs }, i) => atMs - (sent.get(tenantId)?.[i] ?? atMs)),
  ).sort((a, b) => a - b);
  return latencies[Math.ceil(latencies.length * 0.99) - 1] ?? Number.NaN;
}
