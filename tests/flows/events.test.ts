/** Batch's events come at least once, late, in any order, or never: what becomes of a job is the same. */
import { afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { AwsEvent } from '../../local/aws.ts';
import type { BatchFaults } from '../../local/batch/batch.ts';
import { closedAfterAll } from '../support/closing.ts';
import type { Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import type { Containers } from './containers.ts';
import { openFlow } from './flow.ts';
import { EVERY_EVENT, type Outside } from './outside.ts';

jest.setTimeout(120_000);

let containers: Containers;
let stack: Stack;
let outside: Outside;
let faults: BatchFaults;
let csv: string;
const opened = closedAfterAll();
beforeAll(async () => {
  ({ containers, stack, outside, faults, csv } = await openFlow(opened));
  // The events alone must do: nothing here may be tick's work.
  await outside.schedule('rest');
  await outside.hears('acme', EVERY_EVENT);
});
afterEach(() => {
  delete faults.event;
});

const message = (idempotencyKey: string, jobType: string, input: object) => ({
  specVersion: '1',
  tenantId: 'acme',
  jobType,
  idempotencyKey,
  input,
});
const isEnd = ({ detail }: AwsEvent) => ['SUCCEEDED', 'FAILED'].includes(String(detail['status']));
const HOURS = 5;

type Fault = ReturnType<NonNullable<BatchFaults['event']>>;
const late = { delaySeconds: HOURS * 3600 };

/** What the record of a job was, at each version that was seen. */
function watch(jobId: string) {
  const seen = new Map<number, JobRecord>();
  let over = false;
  const watching = (async () => {
    while (!over) {
      const job = await stack.jobs.get(jobId);
      if (job !== undefined) {
        const before = [...seen.keys()].at(-1) ?? 0;
        expect(job.version).toBeGreaterThanOrEqual(before);
        if (job.version === before) expect(job).toEqual(seen.get(before));
        seen.set(job.version, job);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  return {
    seen,
    async stop() {
      over = true;
      await watching;
    },
  };
}

it.each<[string, (event: AwsEvent) => Fault]>([
  ['come as Batch sends them', () => 'deliver'],
  ['come twice (F26)', () => 'duplicate'],
  ['are overtaken by the end, and arrive hours after it (F27)', (event) => (isEnd(event) ? 'deliver' : late)],
  ['are lost but for the end', (event) => (isEnd(event) ? 'deliver' : 'drop')],
  ['are all hours late', () => late],
  ['are late where they begin and twice where they end', (event) => (isEnd(event) ? 'duplicate' : late)],
])('jobs come to the same ends when events %s (F60)', async (how, fault) => {
  const name = how.replaceAll(/\W/g, '-');
  faults.event = fault;
  const missing = csv.replace('n.csv', 'missing.csv');
  await stack.send(
    message(`good-${name}`, 'csv.summarise', { csv }),
    message(`bad-${name}`, 'csv.summarise', { csv: missing }),
    message(`plain-${name}`, 'demo.sleep', { seconds: 0 }),
  );
  const ids = ['good', 'bad', 'plain'].map((kind) => jobIdOf('acme', `${kind}-${name}`));
  const watches = ids.map(watch);
  await until('Batch to have ended all three', async () => {
    const jobs = (await Promise.all(ids.map((id) => outside.batchJobs(id)))).flat();
    return jobs.length === 3 && jobs.every(({ stoppedAt }) => stoppedAt !== undefined) ? true : undefined;
  });
  const settled = async () => Promise.all(ids.map((id) => outside.settled(id)));
  const before =
    fault({ detail: { status: 'SUCCEEDED' } } as unknown as AwsEvent) === late ? [] : await settled();
  stack.cloud.clock.advance(HOURS * 3_600_000);
  const jobs = await settled();
  await until('every event to arrive', async () =>
    stack.cloud.batch.activity().undelivered === 0 ? true : undefined,
  );
  await outside.emptied('EventsQueue');
  for (const each of watches) await each.stop();

  expect(jobs).toMatchObject([
    { state: 'succeeded', attempt: 1, calls: 1, result: { inline: { rows: 2 } } },
    { state: 'failed', attempt: 1, calls: 1, failure: { code: 'input_not_found', exitCode: 64 } },
    { state: 'succeeded', attempt: 1, calls: 1 },
  ]);
  // Late events leave even the version as it was.
  expect(await Promise.all(ids.map((id) => stack.jobs.get(id)))).toEqual(jobs);
  if (before.length > 0) expect(jobs).toEqual(before);
  for (const { seen } of watches) {
    const versions = [...seen.keys()];
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    const states = [...seen.values()].filter(({ finishedAt }) => finishedAt !== undefined);
    expect(new Set(states.map(({ state }) => state)).size).toBe(1);
  }
  for (const jobId of ids) {
    // Told at least once: a copy carries the id of its first, and receivers drop it by that.
    const received = () => [
      ...new Map(
        stack.webhooks.flatMap(({ webhookId, event }) =>
          event?.data.jobId === jobId ? [[webhookId, event] as const] : [],
        ),
      ).values(),
    ];
    const isEnd = ({ type }: { type: string }) => /succeeded|failed/.test(type);
    // A job is settled when its webhooks are recorded; on a slow machine the first try of one may fail.
    await until('the webhook of the end', async () => received().find(isEnd));
    const payload = received();
    const sequences = payload.map(({ data }) => data.sequence);
    expect(new Set(sequences).size).toBe(sequences.length);
    const ends = payload.filter(isEnd);
    expect(ends).toHaveLength(1);
    expect(ends[0]?.data.sequence).toBe(Math.max(...sequences));
  }
});

describe('an event that is not about a job of ours as it stands', () => {
  let template: AwsEvent;
  let job: JobRecord;
  beforeAll(async () => {
    faults.event = (event) => {
      template = event;
      return 'deliver';
    };
    const jobId = jobIdOf('acme', 'held');
    containers.willHold(jobId);
    // The clock is turned far while it runs.
    await stack.send({ ...message('held', 'csv.summarise', { csv }), timeoutSeconds: 3600 });
    await until('the claim and the event of the start', async () =>
      (await stack.jobs.get(jobId))?.claim !== undefined && template?.detail['status'] === 'RUNNING'
        ? true
        : undefined,
    );
    await outside.emptied('EventsQueue');
    const held = await stack.jobs.get(jobId);
    if (held === undefined) throw new Error('The held job has no record');
    job = held;
  });
  const about = (detail: object, rest: object = {}) => ({
    ...template,
    ...rest,
    detail: { ...template.detail, ...detail },
  });
  const ended = { status: 'FAILED', statusReason: 'Essential container in task exited' };
  const stranger = '00000000-0000-4000-8000-000000000000';

  it.each<[string, () => object]>([
    [
      'names a job that is not in the table (F30)',
      () => about({ ...ended, jobName: `hg-job_${'a'.repeat(26)}-1` }),
    ],
    ['carries a name that is not ours (M46)', () => about({ ...ended, jobName: 'nightly-report' })],
    ['is about an attempt that was never made', () => about({ ...ended, jobName: `hg-${job.jobId}-2` })],
    ['is about the child of an array', () => about({ ...ended, arrayProperties: { index: 0 } })],
    ['is of another kind (M43)', () => about({}, { 'detail-type': 'Batch Job Queue Blocked' })],
    [
      'comes from another service (M43)',
      () => about(ended, { source: 'aws.ecs', 'detail-type': 'ECS Task State Change' }),
    ],
    ['tells of the end of a second Batch job', () => about({ ...ended, jobId: stranger })],
    ['tells what is known already', () => about({})],
    ['tells of an earlier state', () => about({ status: 'RUNNABLE', startedAt: undefined })],
  ])('is acknowledged and changes nothing when it %s', async (_, event) => {
    await outside.sendEvent(event());
    await outside.emptied('EventsQueue');
    expect(await stack.jobs.get(job.jobId)).toEqual(job);
    expect(await outside.depth('EventsDeadLetterQueue')).toBe(0);
  });

  it('ends in the dead-letter queue of the events and changes nothing when it forges a tenant or cannot be read (F30, M44, M47)', async () => {
    const forged = { ...Object(template.detail['tags']), 'headgate:tenant': 'globex' };
    await outside.sendEvent(about({ ...ended, tags: forged }));
    await outside.sendEvent(about({ ...ended, status: undefined }));
    await outside.sendEvent('{');
    await outside.turnUntil('three dead letters', 185_000, async () =>
      (await outside.depth('EventsDeadLetterQueue')) === 3 ? true : undefined,
    );
    expect(await stack.jobs.get(job.jobId)).toEqual(job);
  });

  it('with a status that is not known yet marks the job to be asked about soon, and the end clears the mark', async () => {
    await outside.sendEvent(about({ status: 'HIBERNATING' }));
    const marked = await until('the mark', async () => {
      const found = await stack.jobs.get(job.jobId);
      return found?.unclearStatus === undefined ? undefined : found;
    });
    expect(marked).toMatchObject({
      state: 'running',
      unclearStatus: 'HIBERNATING',
      version: job.version + 1,
    });
    expect(marked.dueAt).toBeLessThanOrEqual(stack.cloud.clock.now() + 120_000);

    containers.release();
    const over = await stack.ended('acme', 'held');
    expect(over).toMatchObject({ state: 'succeeded', attempt: 1 });
    expect(over.unclearStatus).toBeUndefined();
  });
});
