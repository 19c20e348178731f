/**
 * From the front queue to the webhook over a counted cloud, under simulated time: messages are handled in batches of a fixed
 * size, and nothing else happens. A run makes the same calls each time.
 */
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import type { PublishedEvents } from '../../domain/webhook/notification.ts';
import { endpointRegister } from '../../io/table/endpoints.ts';
import { gateStore } from '../../io/table/gates.ts';
import { type Table, table } from '../../io/table/table.ts';
import { tenantStore } from '../../io/table/tenants.ts';
import { turnBook } from '../../io/table/turn-book.ts';
import { openCountedCloud, TABLE } from './cloud.ts';
import { everyMinute, sandbox } from './functions.ts';
import { type Counts, nothing } from './meter.ts';
import { HANDLED, type Handled, type Queues, STAGES, virtualQueues } from './queues.ts';
import { type Container, virtualBatch } from './virtual-batch.ts';

export interface Setting {
  readonly tenant: Tenant;
  /** Of the tenant; 0 is none. */
  readonly cap: number;
  readonly types: JobTypes;
  readonly published: PublishedEvents;
  readonly recordsRunning: boolean;
  readonly batchSize: number;
  /** The rate limit of AWS Batch. */
  readonly callsPerSecond: number;
  readonly container: Container;
  /** Of each function; they take its batches in turn. */
  readonly sandboxes: number;
}

export interface Pipeline {
  readonly counts: Counts;
  /** To the front queue, at a time; absent: now. */
  send(body: object, atMs?: number): void;
  /**
   * So many jobs of the tenant have asked for their turn in the rate limit, and are served before any that comes now. They are
   * known by the turns that they have booked alone.
   * @returns when the last of them is served
   */
  holdBacklog(jobs: number): Promise<number>;
  /**
   * Handles messages, and lets time pass, until no message is left; then reconcile looks at what is due.
   * @param throughMs until then reconcile looks each minute; absent: once, at the end
   */
  settle(throughMs?: number): Promise<void>;
  nowMs(): number;
  /** Counts from here on. */
  reset(): void;
  close(): Promise<void>;
}

const namesOf = (counts: Counts) => Object.keys(counts) as (keyof Counts)[]; // its own keys

const MINUTE_MS = 60_000;
/** Later than a record is due at first. */
const LOOK_AFTER_MS = 120_000;
/** More than any run needs: a message that never ends would run for ever. */
const MAX_BATCHES = 5000;

export async function openPipeline(setting: Setting): Promise<Pipeline> {
  const counts = nothing();
  const queues = virtualQueues();
  const cloud = await openCountedCloud(counts, {
    sent: ({ queueUrl, body, delaySeconds, attributes }) => {
      const stage = STAGES.find((each) => queueUrl.endsWith(`/${each}`)) ?? 'dead';
      queues.put(stage, body, { atMs: queues.nowMs() + delaySeconds * 1000, attributes });
    },
  });
  let tokens = 0;
  const random = { token: () => `token-${String(tokens++).padStart(30, '0')}`, fraction: () => 0.5 };
  const batch = virtualBatch(setting.container, counts, queues);
  const { types, published, recordsRunning, callsPerSecond } = setting;
  const stage = { types, published, recordsRunning, callsPerSecond };
  const around = { cloud, counts, batch, ...stage, clock: queues, random };
  const sandboxes = Array.from({ length: setting.sandboxes }, () => sandbox(around));
  const items = table(cloud.db, TABLE, random);
  await prepare(items, setting, queues);

  let batches = 0;
  const handle = async (stage: Handled) => {
    const taken = queues.take(stage, setting.batchSize);
    if (taken.length === 0) return false;
    batches += 1;
    if (batches > MAX_BATCHES) throw new Error(`${stage} still has messages after ${MAX_BATCHES} batches`);
    const byRule = taken.filter((one) => one.byRule).length;
    counts.messages += byRule;
    counts.queueRequests += byRule + 2;
    counts.invocations += 1;
    counts.receives += taken.length;
    const messages = taken.map(({ atMs, ...message }) => ({ ...message, sentAtMs: atMs }));
    const done = await sandboxes[batches % sandboxes.length]?.[stage](messages);
    const kept = taken.filter(({ id }) => done?.has(id) !== true);
    if (kept.length > 0) throw new Error(`${stage} kept ${kept.map(({ body }) => body).join(', ')}`);
    return true;
  };
  const look = everyMinute(around);
  /** A run with nothing to do reads the same each minute, whether there are jobs or not: that is no job's cost. */
  const reconcile = async () => {
    await look();
    const before = { ...counts };
    await look();
    for (const name of namesOf(counts)) counts[name] = 2 * before[name] - counts[name];
  };
  const step = async (byMs?: number) => {
    for (const stage of HANDLED) if (await handle(stage)) return true;
    return queues.pass(byMs);
  };
  return {
    counts,
    send: (body, atMs = queues.nowMs()) => queues.put('front', JSON.stringify(body), { atMs }),
    holdBacklog: (jobs) => holdBacklog(items, setting, jobs, queues.nowMs()),
    async settle(throughMs = queues.nowMs()) {
      for (let minuteMs = queues.nowMs() + MINUTE_MS; minuteMs <= throughMs; minuteMs += MINUTE_MS) {
        while (await step(minuteMs));
        await queues.waitUntil(minuteMs);
        await reconcile();
      }
      while (await step());
      await queues.waitUntil(queues.nowMs() + LOOK_AFTER_MS);
      await reconcile();
    },
    nowMs: queues.nowMs,
    reset: () => void Object.assign(counts, nothing()),
    close: cloud.close,
  };
}

/** The rate limit is full until then, and the next turn of the tenant is after theirs. */
async function holdBacklog(
  items: Table,
  { tenant: { tenantId }, callsPerSecond }: Setting,
  jobs: number,
  nowMs: number,
): Promise<number> {
  const turns = turnBook(items, callsPerSecond);
  const booked = await Promise.all(Array.from({ length: jobs }, () => turns.book(tenantId, nowMs)));
  const servedMs = Math.max(nowMs, ...booked.slice(-1));
  const version = nowMs;
  await items.put({ pk: 'PACE', sk: 'BATCH' }, { tatMs: servedMs, shares: {}, version });
  return servedMs;
}

async function prepare(items: Table, { tenant, cap }: Setting, { nowMs }: Queues): Promise<void> {
  const { tenantId } = tenant;
  await tenantStore(items).put(tenant);
  const settings = { cap, typeCaps: undefined, keyCap: undefined, paused: undefined };
  if (cap > 0) await gateStore(items).set(tenantId, undefined, settings, nowMs());
  await endpointRegister(items).put({
    tenantId,
    endpointId: 'whe_bench',
    url: 'https://bench.example.com/hooks',
    events: ['job.succeeded', 'job.failed', 'job.cancelled', 'job.expired'],
    keys: [{ scheme: 'v1', sealed: Buffer.from(`whsec_${'k'.repeat(43)}=`).toString('base64') }],
  });
}
