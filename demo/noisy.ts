/**
 * One tenant sends a thousand jobs, two others ten each. The summary compares how long each waited from accepted to
 * submitted with what the quiet ones get alone, and says how many jobs of a tenant were in AWS Batch at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { changeGate } from '../application/tenant/tenant-admin.ts';
import { isFinal } from '../domain/job/job.ts';
import type { LifecycleEvent } from '../domain/webhook/notification.ts';
import { queue } from '../io/aws/queues.ts';
import { systemClock } from '../io/process/clock.ts';
import { systemRandom } from '../io/process/random.ts';
import { gateStore } from '../io/table/gates.ts';
import { table } from '../io/table/table.ts';
import { tenantStore } from '../io/table/tenants.ts';
import { type Cloud, startCloud } from '../local/cloud.ts';
import { built } from '../tools/build.ts';
import { awsClients, type Clients } from './clients.ts';
import { compare, comparisonText } from './comparison.ts';
import { imageFolders } from './sample.ts';
import type { Screen } from './screen.ts';
import { outputOf } from './seed.ts';
import { watchJobs } from './watch.ts';

const NOISY = { tenantId: 'noisy', jobs: 1000, cap: 6 };
const QUIET = [
  { tenantId: 'quiet-1', jobs: 10, cap: 10 },
  { tenantId: 'quiet-2', jobs: 10, cap: 10 },
];
type Sender = typeof NOISY;

/**
 * How many times as long a quiet tenant may wait as alone. The containers of a thousand jobs share the cores of this machine with
 * the functions, which on AWS they do not; without fairness the factor is that of the noisy tenant, about a hundred.
 */
const MAX_FACTOR = 5;
/** Ten jobs are too few for a p99. */
const ALONE_ROUNDS = 3;
const LIMIT_MS = 10 * 60_000;

export async function noisyDemo(show: Screen, signal: AbortSignal): Promise<number> {
  const cloud = await startCloud({
    template: built.template,
    bundles: built.functions,
    images: imageFolders,
    parameters: { MaxvCpus: '4', PublishEvents: 'all' },
  });
  const clients = awsClients(cloud.environment);
  const ending = new AbortController();
  try {
    await setCaps(cloud, clients, [NOISY, ...QUIET]);
    const log = eventLog();
    await watchJobs(clients, outputOf(cloud.outputs, 'LifecycleBusName'), log.note, ending.signal);
    // The first invocations load their code, which must not count for a tenant.
    await round(cloud, clients, log, 'warm', QUIET, signal);
    show.text();
    show.text(`Alone, ${ALONE_ROUNDS} times:`);
    const rounds: Round[] = [];
    for (let i = 0; i < ALONE_ROUNDS; i++)
      rounds.push(await round(cloud, clients, log, `alone${i}`, QUIET, signal));
    report(show, together(rounds), QUIET);
    show.text();
    show.text(`Beside ${NOISY.jobs} jobs of one tenant:`);
    const beside = await round(cloud, clients, log, 'beside', [NOISY, ...QUIET], signal);
    report(show, beside, [NOISY, ...QUIET]);
    return conclude(show, rounds, beside);
  } finally {
    ending.abort();
    clients.close();
    await cloud.close();
  }
}

async function setCaps(cloud: Cloud, clients: Clients, senders: readonly Sender[]): Promise<void> {
  const items = table(clients.dynamo, outputOf(cloud.outputs, 'JobsTableName'), systemRandom);
  const tenants = tenantStore(items);
  const submitQueue = queue(clients.sqs, cloud.physicalId('SubmitQueue'));
  for (const { tenantId, cap } of senders) {
    await tenants.put({ tenantId, status: 'active' });
    await changeGate({ tenants, gates: gateStore(items), submitQueue, clock: systemClock }, tenantId, () => ({
      cap,
    }));
  }
}

interface Seen {
  readonly acceptedMs: number;
  submittedMs?: number;
  endedMs?: number;
}
type EventLog = ReturnType<typeof eventLog>;

/** The events of each job, by its key: the times are those of the records. */
function eventLog() {
  const jobs = new Map<string, Seen>();
  return {
    of: (tenantId: string, round: string) =>
      [...jobs].flatMap(([key, seen]) => (key.startsWith(`${tenantId} ${round}-`) ? [seen] : [])),
    note({ type, timestamp, data }: LifecycleEvent): void {
      const key = `${data.tenantId} ${data.idempotencyKey}`;
      const seen = jobs.get(key) ?? { acceptedMs: Date.parse(data.createdAt) };
      // A report of the container may arrive before the answer to SubmitJob is on the record.
      if (type !== 'job.accepted' && type !== 'job.waiting') seen.submittedMs ??= Date.parse(timestamp);
      if (isFinal(data.status)) seen.endedMs ??= Date.parse(timestamp);
      jobs.set(key, seen);
    },
  };
}

type Round = ReadonlyMap<string, readonly Seen[]>;

async function round(
  cloud: Cloud,
  clients: Clients,
  log: EventLog,
  name: string,
  senders: readonly Sender[],
  signal: AbortSignal,
): Promise<Round> {
  for (const { tenantId, jobs } of senders) await send(cloud, clients, tenantId, name, jobs);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
  const left = () =>
    senders.filter(
      ({ tenantId, jobs }) =>
        log.of(tenantId, name).filter(({ endedMs }) => endedMs !== undefined).length < jobs,
    );
  while (left().length > 0) {
    if (limit.aborted)
      throw new Error(
        `Not all jobs of ${left()
          .map(({ tenantId }) => tenantId)
          .join(', ')} have ended`,
      );
    await pause(200);
  }
  return new Map(senders.map(({ tenantId }) => [tenantId, log.of(tenantId, name)]));
}

function together(rounds: readonly Round[]): Round {
  const all = (tenantId: string) => rounds.flatMap((each) => each.get(tenantId) ?? []);
  return new Map(QUIET.map(({ tenantId }) => [tenantId, all(tenantId)]));
}

async function send(
  cloud: Cloud,
  clients: Clients,
  tenantId: string,
  round: string,
  jobs: number,
): Promise<void> {
  const QueueUrl = outputOf(cloud.outputs, 'FrontQueueUrl');
  const bodies = Array.from({ length: jobs }, (_, i) => ({
    specVersion: '1',
    tenantId,
    jobType: 'demo.sleep',
    idempotencyKey: `${round}-${i}`,
    input: { seconds: 0 },
  }));
  for (let from = 0; from < jobs; from += 10) {
    const Entries = bodies.slice(from, from + 10).map((body, i) => ({
      Id: String(i),
      MessageBody: JSON.stringify(body),
      // SQS serves the groups fairly: a service has to do nothing else.
      MessageGroupId: tenantId,
    }));
    await clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
}

function report(show: Screen, round: Round, senders: readonly Sender[]): void {
  show.text('tenant     jobs   accepted to submitted        in Batch at once');
  for (const { tenantId, cap } of senders) {
    const seen = round.get(tenantId) ?? [];
    const [p50, p99] = [percentile(seen, 50), percentile(seen, 99)].map((ms) =>
      `${Math.round(ms)} ms`.padStart(9),
    );
    show.text(
      `${tenantId.padEnd(10)} ${String(seen.length).padStart(4)}   p50 ${p50}  p99 ${p99}   ${mostAtOnce(seen)} of ${cap}`,
    );
  }
}

const waitOf = ({ acceptedMs, submittedMs = acceptedMs }: Seen): number => submittedMs - acceptedMs;

function percentile(seen: readonly Seen[], percent: number): number {
  const waits = seen.map(waitOf).toSorted((a, b) => a - b);
  return waits[Math.min(waits.length - 1, Math.floor((waits.length * percent) / 100))] ?? 0;
}

/** From the events alone: a job is in AWS Batch from submitted until its end is on the record. */
function mostAtOnce(seen: readonly Seen[]): number {
  const spans = seen.map(({ submittedMs = 0, endedMs = 0 }) => ({ from: submittedMs, to: endedMs }));
  return Math.max(
    ...spans.map(({ from }) => spans.filter((span) => span.from <= from && from < span.to).length),
  );
}

function conclude(show: Screen, alone: readonly Round[], beside: Round): number {
  const compared = QUIET.map(({ tenantId }) => {
    const waits = (round: Round) => (round.get(tenantId) ?? []).map(waitOf);
    return { tenantId, comparison: compare(alone.map(waits), waits(beside)) };
  });
  const slowed = compared.filter(
    ({ comparison: { times } }) => times.median > MAX_FACTOR || times.slowest > MAX_FACTOR,
  );
  const exceeded = [NOISY, ...QUIET].filter(
    ({ tenantId, cap }) => mostAtOnce(beside.get(tenantId) ?? []) > cap,
  );
  show.text();
  show.text(
    `Each quiet tenant beside the noisy one, and in the middle one of its ${ALONE_ROUNDS} rounds alone:`,
  );
  for (const { tenantId, comparison } of compared) show.text(comparisonText(tenantId, comparison));
  show.text();
  for (const { tenantId } of slowed)
    show.text(`Not as expected: ${tenantId} waited more than ${MAX_FACTOR} times as long as alone.`);
  for (const { tenantId } of exceeded)
    show.text(`Not as expected: ${tenantId} had more in Batch than its cap.`);
  if (slowed.length + exceeded.length === 0)
    show.text(`No quiet tenant waited more than ${MAX_FACTOR} times as long, and no cap was exceeded.`);
  return slowed.length + exceeded.length === 0 ? 0 : 1;
}
