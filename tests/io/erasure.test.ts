/** A tenant is erased from the real table and bucket, whatever dies on the way, and no other tenant loses anything. */
import { CreateBucketCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type ErasePorts, eraser } from '../../application/operation/erase.ts';
import { type StartErasingPorts, startErasing } from '../../application/tenant/start-erasing.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import { isOver, type Operation } from '../../domain/operation/operation.ts';
import { failureRowOf } from '../../domain/reading/failure-row.ts';
import { QUIET_MS } from '../../domain/tenant/erasure.ts';
import type { LoggedRun } from '../../io/aws/logs/worker-logs.ts';
import { tenantObjects } from '../../io/aws/tenant-objects.ts';
import { dependantStore } from '../../io/table/dependency/dependants.ts';
import { rollStore } from '../../io/table/due/rolls.ts';
import { endpointRegister } from '../../io/table/endpoints.ts';
import { failureStore } from '../../io/table/failures.ts';
import { gateStore } from '../../io/table/gates.ts';
import { groupStore } from '../../io/table/group/groups.ts';
import { jobLists } from '../../io/table/job-lists.ts';
import { jobStore } from '../../io/table/jobs.ts';
import { operationStore } from '../../io/table/operation/operations.ts';
import { receiptStore } from '../../io/table/receipts.ts';
import type { Attributes, Table } from '../../io/table/table.ts';
import { tenantRows } from '../../io/table/tenant/tenant-rows.ts';
import { tenantStore } from '../../io/table/tenants.ts';
import { turnBook } from '../../io/table/turn-book.ts';
import { waitingStore } from '../../io/table/waiting.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { aJob, NOW } from '../support/jobs.ts';
import { createJobsTable } from '../support/jobs-table.ts';
import { useCases } from '../support/use-cases.ts';
import { type ErasureMutant, mutants } from './erasure-mutants.ts';

jest.setTimeout(300_000);

const BUCKET = 'headgate-erasure';
/** Of the run on Lambda. */
const A_REQUEST = '0d1b9f1e-0000-4000-8000-000000000001';
let tokens = 0;
let cloud: Awaited<ReturnType<typeof setUp>>;
let items: Table;
beforeEach(async () => {
  cloud = await setUp();
  items = await createJobsTable(cloud.dynamodb);
  await cloud.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
});
afterEach(() => cloud.close());

const idOf = (tenantId: string, n: number) => `job_${tenantId[0]}${String.fromCharCode(97 + n).repeat(25)}`;
const ended = (tenantId: string, n: number, change: object = {}) => ({
  ...aJob(),
  jobId: idOf(tenantId, n),
  tenantId,
  state: 'succeeded' as const,
  settled: true,
  dueAt: undefined,
  ...change,
});
const failure = { class: 'app_error', code: 'exit_code', message: 'It ended with 3.' } as const;

/** One row of each kind that a tenant may have, and objects. */
async function furnish(tenantId: string, states: readonly WholeJob[] = []): Promise<void> {
  const jobs = jobStore(items);
  const stream = { attempt: 1, runId: 'a-run', endedAt: NOW, logStream: `${tenantId}/default/1` };
  const sandbox = { attempt: 2, runId: `lambda:${A_REQUEST}`, endedAt: NOW };
  await jobs.create(ended(tenantId, 0, { endedAttempts: [stream, sandbox] }));
  // Its input is so large that it is in a row of its own.
  await jobs.create(ended(tenantId, 1, { input: { title: 'x'.repeat(5000) } }));
  const failed = ended(tenantId, 2, { state: 'failed', failure, finishedAt: NOW });
  await jobs.create(failed);
  for (const job of states) await jobs.create(job);
  await jobs.leaveTombstone(undefined, {
    tombstone: true,
    jobId: idOf(tenantId, 20),
    cancels: { [tenantId]: NOW },
    revision: 1,
  });
  await failureStore(items).record(failureRowOf({ ...failed, state: 'failed' }, []));
  const cost = { jobType: 'demo.sleep', usdMicro: 7, billedSeconds: 60, endedAt: NOW };
  const receipt = { tenantId, jobId: failed.jobId, attempt: 1, ...cost };
  await receiptStore(items).put([receipt]);
  await receiptStore(items).put([receipt, { ...receipt, attempt: 2 }]);
  await rollStore(items).put({ tenantId, createdAt: NOW, jobIds: [failed.jobId], dueAt: NOW });
  const dependant = { tenantId, name: idOf(tenantId, 3), condition: 'succeeded', holds: false } as const;
  // Beside a job that was never recorded.
  await dependantStore(items).link(['job_never'], { ...dependant, expiresAt: NOW });
  const gates = gateStore(items);
  await gates.set(tenantId, undefined, { cap: 2 }, NOW);
  await waitingStore(items).put(
    [{ tenantId, jobId: failed.jobId, attempt: 1, jobType: 'demo.sleep', priority: 'normal', since: NOW }],
    NOW,
  );
  await turnBook(items, 40).book(tenantId, NOW);
  const group = { tenantId, groupId: 'month' };
  await groupStore(items).ask(group, { jobId: failed.jobId, at: NOW });
  const endpoint = { tenantId, endpointId: 'whe_a', url: 'https://example.com', events: ['job.failed'] };
  await endpointRegister(items).put({ ...endpoint, keys: [{ scheme: 'v1', sealed: 'sealed' }] });
  await items.put(
    { pk: `DELIVERIES#${tenantId}#whe_removed#2026-01-05`, sk: '2026-01-05T09:00:00.000Z#msg_1' },
    {},
  );
  // The second as an earlier version has put it.
  for (const pk of [`SCHEDULES#${tenantId}`, `TENANT#${tenantId}`])
    await items.put({ pk, sk: 'SCHEDULE#nightly' }, { cron: '0 2 * * *' });
  await tenantStore(items).put({ tenantId, status: 'active' });
  for (const name of ['inputs/n.csv', 'results/job/1/result.json'])
    await cloud.s3.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: `tenants/${tenantId}/${name}`, Body: 'x' }),
    );
}

async function everything(): Promise<Attributes[]> {
  const found: Attributes[] = [];
  let after: Awaited<ReturnType<Table['scan']>>['next'];
  do {
    const page = await items.scan(after);
    found.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return found;
}
const objects = async () =>
  ((await cloud.s3.send(new ListObjectsV2Command({ Bucket: BUCKET }))).Contents ?? []).map(({ Key }) => Key);
const rowsOf = async (tenantId: string) =>
  (await everything())
    .map((item) => JSON.stringify(item, (_, value) => (value instanceof Set ? [...value] : value)))
    .filter((text) => text.includes(tenantId));
const notTheOperation = (text: string) => !text.includes('"pk":"OPERATIONS"');

/** @param dies called before each answer of a port; throws when the process is to die there */
function opened(dies: (call: string) => void = () => undefined) {
  const cases = useCases();
  const removedLogs: string[] = [];
  const dying = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get: (target, name) => {
        const call: unknown = Reflect.get(target, name);
        if (typeof call !== 'function') return call;
        return async (...given: unknown[]) => {
          const answer: unknown = await call.apply(target, given);
          dies(String(name));
          return answer;
        };
      },
    });
  const ports: ErasePorts & Pick<StartErasingPorts, 'random' | 'gates'> = {
    ...cases.ports,
    random: { fraction: () => 0, token: () => `token-${++tokens}` },
    gates: gateStore(items),
    jobs: dying(jobStore(items)),
    dependants: dependantStore(items),
    lists: dying(jobLists(items)),
    tenantRows: dying(tenantRows(items)),
    tenantObjects: dying(tenantObjects(cloud.s3, BUCKET)),
    workerLogs: dying({
      remove: async (stream: string) => void removedLogs.push(stream),
      streamsOf: async ({ requestId }: LoggedRun) => (requestId === A_REQUEST ? ['a sandbox of acme'] : []),
    }),
    operations: dying(operationStore(items)),
  };
  return { ...cases, ports, removedLogs };
}

const starting = (ports: ErasePorts & Pick<StartErasingPorts, 'random' | 'gates'>) => ({
  ...ports,
  tenants: tenantStore(items),
  operations: operationStore(items),
  jobs: jobStore(items),
  lists: jobLists(items),
  register: { forget: async () => undefined },
});

/** Minute after minute, as tick does. @returns the operation when it is over */
async function carriedOut(
  { ports, time }: ReturnType<typeof opened>,
  operationId: string,
  eachMinute: () => Promise<void> = async () => undefined,
): Promise<Operation> {
  for (let minutes = 0; minutes < 90; minutes++) {
    const seen = await operationStore(items).get(operationId);
    if (seen === undefined || isOver(seen)) break;
    if ((seen.dueAt ?? 0) <= time.nowMs)
      await eraser(ports)(seen, time.nowMs + 10_000).catch((error: Error) => {
        if (error.message !== 'dies') throw error;
      });
    await eachMinute();
    time.nowMs += 60_000;
  }
  const over = await operationStore(items).get(operationId);
  if (over === undefined) throw new Error('the operation is gone');
  return over;
}

async function begun(world: ReturnType<typeof opened>, unfinished?: 'cancel' | 'drain'): Promise<Operation> {
  const done = await startErasing(starting(world.ports), 'acme', { unfinished, operator: 'the operator' });
  if (done.kind === 'refused') throw new Error(done.problem.code);
  return done.operation;
}

test('nothing of a tenant is left in table and bucket but the operation that erased it, and its neighbour has all', async () => {
  await furnish('globex');
  const before = await rowsOf('globex');
  await furnish('acme');
  const world = opened();
  const { operationId } = await begun(world);
  const over = await carriedOut(world, operationId);
  expect(over).toMatchObject({ state: 'finished', operator: 'the operator' });
  expect((await rowsOf('acme')).filter(notTheOperation)).toEqual([]);
  expect(await rowsOf('globex')).toEqual(before);
  expect(await objects()).toEqual([
    'tenants/globex/inputs/n.csv',
    'tenants/globex/results/job/1/result.json',
  ]);
  expect(world.removedLogs).toEqual(['acme/default/1', 'a sandbox of acme']);
  expect(over.done).toBeGreaterThan(15);
});

test('a process may die after any of its calls', async () => {
  for (let n = 1; ; n++) {
    await furnish('acme');
    let calls = 0;
    const world = opened(() => {
      calls++;
      if (calls === n) throw new Error('dies');
    });
    const { operationId } = await begun(world);
    expect(await carriedOut(world, operationId)).toHaveProperty('state', 'finished');
    expect((await rowsOf('acme')).filter(notTheOperation)).toEqual([]);
    expect(await objects()).toEqual([]);
    if (calls < n) break;
    expect(n).toBeLessThan(60);
  }
});

test('what is written a moment ago, or while it goes on, goes too', async () => {
  await furnish('acme');
  const world = opened();
  const { operationId } = await begun(world);
  const startedAt = world.time.nowMs;
  await carriedOut(world, operationId, async () => {
    // By a message that was under way, and a container with a URL.
    if (world.time.nowMs > startedAt + QUIET_MS - 120_000) return;
    await groupStore(items).ask({ tenantId: 'acme', groupId: 'late' }, { jobId: idOf('acme', 9), at: NOW });
    const Key = `tenants/acme/results/late-${world.time.nowMs}`;
    await cloud.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }));
  });
  expect((await rowsOf('acme')).filter(notTheOperation)).toEqual([]);
  expect(await objects()).toEqual([]);
});

describe('a tenant with a job that is not over', () => {
  const running = ended('acme', 5, { state: 'scheduled', settled: undefined, runAt: '2027-01-01T00:00:00Z' });

  test('is not erased unless its end is asked for, or a wait', async () => {
    await furnish('acme', [running]);
    const { ports } = opened();
    const asked = { operator: 'the operator' };
    expect(await startErasing(starting(ports), 'acme', asked)).toMatchObject({
      kind: 'refused',
      problem: { code: 'jobs_unfinished' },
    });
    expect((await tenantStore(items).load(['acme'])).get('acme')).toEqual({
      tenantId: 'acme',
      status: 'active',
    });
  });

  test('is closed at once, and erased when the job is cancelled and its end is told', async () => {
    await furnish('acme', [running]);
    const world = opened();
    const { operationId } = await begun(world, 'cancel');
    expect((await tenantStore(items).load(['acme'])).get('acme')).toMatchObject({ status: 'suspended' });
    const jobs = jobStore(items);
    let seenOpen = 0;
    const over = await carriedOut(world, operationId, async () => {
      const job = await jobs.get(running.jobId);
      if (job?.state === 'cancelled' && job.settled !== true) {
        seenOpen++;
        if (seenOpen > 2) await jobs.replace(job, { ...job, settled: true, version: job.version + 1 });
      }
    });
    expect(seenOpen).toBe(3);
    expect(over.state).toBe('finished');
    expect((await rowsOf('acme')).filter(notTheOperation)).toEqual([]);
  });

  test('is waited for with drain, without an end', async () => {
    await furnish('acme', [running]);
    const world = opened();
    const { operationId } = await begun(world, 'drain');
    expect(await carriedOut(world, operationId)).toMatchObject({ state: 'running' });
    expect(await jobStore(items).get(running.jobId)).toMatchObject({ state: 'scheduled', version: 1 });
  });
});

test('a repeat finds the operation, and one that was named and never made is made', async () => {
  await furnish('acme');
  const world = opened();
  const first = await begun(world);
  expect(await begun(world)).toEqual(first);
  await items.removeAll([{ pk: 'OPERATIONS', sk: `OP#${first.operationId}` }]);
  expect((await begun(world)).operationId).toBe(first.operationId);
});

test('a tenant that is being erased takes no setting, and one that was never there is not found', async () => {
  await furnish('acme');
  const world = opened();
  await begun(world);
  expect(await tenantStore(items).put({ tenantId: 'acme', status: 'active' })).toBe('leaving');
  const unknown = await startErasing(starting(world.ports), 'unknown', { operator: 'the operator' });
  expect(unknown).toMatchObject({ kind: 'refused', problem: { code: 'not_found' } });
});

/** A tenant with all that it may have, what comes late, a process that dies, and a repeat after the end. @returns what is wrong */
async function leftBy(flawed: ErasureMutant['flawed']): Promise<readonly string[]> {
  await furnish('acme');
  let hasDied = false;
  const world = opened((call) => {
    // The first time that rows were removed.
    if (call !== 'remove' || hasDied || world.removedLogs.length === 0) return;
    hasDied = true;
    throw new Error('dies');
  });
  const flawedWorld = { ...world, ports: { ...world.ports, ...flawed(world.ports) } };
  const { operationId } = await begun(flawedWorld, 'cancel');
  const before = await operationStore(items).get(operationId);
  const late = ended('acme', 12, { state: 'scheduled', settled: undefined, runAt: '2027-01-01T00:00:00Z' });
  let told = false;
  let minutes = 0;
  const everyMinute = async () => {
    minutes++;
    // Taken by intake before the tenant was closed, and not in the index when the list was read.
    if (minutes === 2) await jobStore(items).create(late);
    // Long after nothing was found, by a container with a URL.
    if (minutes < 4 || minutes === 9) {
      await groupStore(items).ask({ tenantId: 'acme', groupId: 'late' }, { jobId: idOf('acme', 9), at: NOW });
      const Key = `tenants/acme/results/late-${minutes}`;
      await cloud.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'x' }));
    }
    const job = await jobStore(items).get(late.jobId);
    if (job?.state !== 'cancelled' || job.settled === true) return;
    const settled = { ...job, settled: true, dueAt: undefined, version: job.version + 1 };
    told = (await jobStore(items).replace(job, settled)) === 'written';
  };
  await carriedOut(flawedWorld, operationId, everyMinute);
  while (minutes < 9) await everyMinute();
  const rows = (await rowsOf('acme')).filter(notTheOperation);
  const logs = ['acme/default/1', 'a sandbox of acme'].filter((name) => !world.removedLogs.includes(name));
  const left = [
    ...rows.map((row) => `row ${row}`),
    ...(await objects()).map((key) => `object ${key}`),
    ...logs.map((name) => `log ${name}`),
    ...(told ? [] : ['no process told of an end']),
  ];
  // The slower twin of the last process comes when the tenant was made anew.
  await tenantStore(items).put({ tenantId: 'acme', status: 'active' });
  await flawedWorld.ports.tenantRows.removeRecord('acme', before?.operationId ?? '');
  const isThere = (await tenantStore(items).load(['acme'])).has('acme');
  return [...left, ...(isThere ? [] : ['the tenant of today is gone'])];
}

test('what comes late, and what dies, leaves nothing', async () => {
  expect(await leftBy(() => ({}))).toEqual([]);
});

test.each(mutants)('without $without something is left', async ({ leaves, flawed }) => {
  const left = await leftBy(flawed);
  expect(left).toContainEqual(expect.stringMatching(leaves));
});
