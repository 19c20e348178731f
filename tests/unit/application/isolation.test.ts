/** What goes wrong for one tenant, one row or one entry of a call stays there, whatever is worked on beside it. */
import { describe, expect, test } from '@jest/globals';
import { submit } from '../../../application/batch/submit.ts';
import { track } from '../../../application/batch/track.ts';
import { intake } from '../../../application/intake/intake.ts';
import { reconcile } from '../../../application/repair/reconcile.ts';
import { deliver } from '../../../application/webhook/deliver.ts';
import { notify } from '../../../application/webhook/notify.ts';
import { batchJobName } from '../../../domain/job/identity.ts';
import type { JobChange, JobState } from '../../../domain/job/job.ts';
import type { WholeJob } from '../../../domain/job/parts.ts';
import type { Delivery } from '../../../domain/webhook/delivery.ts';
import { Endpoint } from '../../../domain/webhook/endpoint.ts';
import { lifecycleEvent } from '../../../domain/webhook/notification.ts';
import type { Message } from '../../../io/aws/lambda.ts';
import { SET_ASIDE } from '../../../io/table/due.ts';
import { RowUnreadable, withUnreadable } from '../../../io/table/rows.ts';
import { jobIn, NOW } from '../../support/jobs.ts';
import { messageOf, submitMessageOf, useCases } from '../../support/use-cases.ts';

const MINUTE_MS = 60_000;
const unreadable = (tenantId: string) =>
  new Map([[tenantId, new RowUnreadable(`TENANT#${tenantId} GATE`, 'cap')]]);
const idOf = (letter: string) => `job_${letter.repeat(26)}`;
const job = (letter: string, tenantId: string, state: JobState, change: JobChange = {}): WholeJob =>
  jobIn(state, { jobId: idOf(letter), tenantId, runId: undefined, ...change });
const jobName = (letter: string) => batchJobName(idOf(letter), 1);
const endpoint = (tenantId: string) =>
  Endpoint.parse({
    tenantId,
    endpointId: `whe_${tenantId}`,
    url: `https://${tenantId}.example/`,
    events: ['job.succeeded'],
    keys: [{ scheme: 'v1', sealed: 'sealed' }],
  });
const deliveryFor = (tenantId: string, change: Partial<Delivery> = {}): Delivery => ({
  tenantId,
  endpointId: `whe_${tenantId}`,
  at: new Date(NOW).toISOString(),
  webhookId: `msg_${'a'.repeat(26)}`,
  eventType: 'job.succeeded',
  body: '{"type":"job.succeeded","data":{}}',
  status: 'pending',
  tries: 1,
  nextTryAt: NOW,
  dueAt: NOW,
  ...change,
});
const both = { tenants: [] as const };
const tick = { aheadMs: MINUTE_MS, untilMs: NOW + MINUTE_MS };

describe('a gate that cannot be read', () => {
  test('keeps no job of another tenant in the same messages from AWS Batch (F90)', async () => {
    const { ports, submitted, errors } = useCases(both);
    const { gates } = ports;
    const [bad, good] = [job('a', 'acme', 'waiting'), job('b', 'globex', 'waiting')];
    for (const each of [bad, good]) await ports.jobs.create(each);
    const loading = {
      ...gates,
      load: async (ids: readonly string[]) => withUnreadable(await gates.load(ids), unreadable('acme')),
    };
    const messages = [bad, good].map(submitMessageOf);
    const done = await submit({ ...ports, gates: loading })(messages);
    expect(submitted).toEqual([jobName('b')]);
    expect(done).toEqual(new Set([messages[1]?.id]));
    expect(errors).toMatchObject([
      { event: 'message:handle:failed', messageId: messages[0]?.id, error: { name: 'RowUnreadable' } },
    ]);
  });

  test('that fails when a slot is acquired fails the attempts of its tenant alone (F90)', async () => {
    const { ports, submitted } = useCases(both);
    const { gates } = ports;
    for (const tenantId of ['acme', 'globex']) await gates.set(tenantId, undefined, { cap: 5 }, NOW);
    const acquire: typeof gates.acquire = async (tenantId, ...rest) => {
      if (tenantId === 'acme') throw new Error('No right to write');
      return gates.acquire(tenantId, ...rest);
    };
    const [bad, good] = [job('a', 'acme', 'waiting'), job('b', 'globex', 'waiting')];
    for (const each of [bad, good]) await ports.jobs.create(each);
    const { slots } = await import('../../../application/tenant/slots.ts');
    const parts = { ...ports, gates: { ...gates, acquire } };
    const messages = [bad, good].map(submitMessageOf);
    const done = await submit({ ...parts, slots: slots(parts) })(messages);
    expect(submitted).toEqual([jobName('b')]);
    expect(done).toEqual(new Set([messages[1]?.id]));
  });

  test('keeps no message of another tenant from being recorded, nor its own (F90)', async () => {
    const { ports } = useCases(both);
    const load = async (ids: readonly string[]) =>
      withUnreadable(await ports.gates.load(ids), unreadable('acme'));
    const messages = ['acme', 'globex'].map((tenantId) => request(tenantId));
    const done = await intake({ ...ports, gates: { ...ports.gates, load } })(messages);
    expect(done).toEqual(new Set(messages.map(({ id }) => id)));
  });

  test('does not keep the end of a job from its tenant: reconcile finds its slot (F90)', async () => {
    const { ports, sent } = useCases(both);
    const release = async () => Promise.reject(unreadable('acme').get('acme'));
    const over = job('a', 'acme', 'running', {
      runId: 'run-1',
      hasSlot: true,
      result: { inline: 1 },
      claim: { runId: 'run-1', try: 1 },
    });
    await ports.jobs.create(over);
    const done = await track({ ...ports, slots: { ...ports.slots, release } })([reportOf('a', 'run-1')]);
    expect(sent.events.taken.map(({ type }) => type)).toEqual(['job.succeeded']);
    expect(done.size).toBe(0);
  });
});

const request = (tenantId: string): Message =>
  messageOf({ specVersion: '1', tenantId, jobType: 'report.render', input: {} });
const reportOf = (letter: string, runId: string): Message =>
  messageOf({
    source: 'aws.batch',
    'detail-type': 'Batch Job State Change',
    detail: {
      jobId: runId,
      jobName: jobName(letter),
      status: 'SUCCEEDED',
      attempts: [{ container: {} }],
      container: { exitCode: 0 },
    },
  });

test('a tenant that cannot be read keeps no message of another tenant from being recorded (F90)', async () => {
  const { ports, errors } = useCases(both);
  const load = async () => withUnreadable(new Map(), unreadable('acme'));
  const messages = ['acme', 'globex'].map((tenantId) => request(tenantId));
  const done = await intake({ ...ports, tenants: { load } })(messages);
  expect(done).toEqual(new Set([messages[1]?.id]));
  expect(errors).toMatchObject([{ event: 'message:handle:failed', messageId: messages[0]?.id }]);
});

describe('an entry that is refused inside of a call', () => {
  test('brings back the one message that it belongs to: an event of a job (F91)', async () => {
    const { ports, sent } = useCases(both);
    sent.events.rules.refuses = ({ data }) => data.tenantId === 'acme';
    for (const [letter, tenantId] of [
      ['a', 'acme'],
      ['b', 'globex'],
    ] as const)
      await ports.jobs.create(
        job(letter, tenantId, 'running', {
          runId: `run-${letter}`,
          result: { inline: 1 },
          claim: { runId: `run-${letter}`, try: 1 },
        }),
      );
    const messages = [reportOf('a', 'run-a'), reportOf('b', 'run-b')];
    expect(await track(ports)(messages)).toEqual(new Set([messages[1]?.id]));
    sent.events.rules.refuses = () => false;
    expect(await track(ports)(messages)).toEqual(new Set(messages.map(({ id }) => id)));
    expect(sent.events.taken.map(({ data }) => data.tenantId).toSorted()).toEqual([
      'acme',
      'globex',
      'globex',
    ]);
  });

  test('brings back the one message that it belongs to: a submit message for later (F91)', async () => {
    const { ports, sent } = useCases(both);
    sent.submit.rules.refuses = ({ body }) => body.includes('acme');
    const jobs = [
      job('a', 'acme', 'scheduled', { eligibleAt: NOW + MINUTE_MS }),
      job('b', 'globex', 'scheduled', { eligibleAt: NOW + MINUTE_MS }),
    ];
    for (const each of jobs) await ports.jobs.create(each);
    const messages = jobs.map(submitMessageOf);
    expect(await submit(ports)(messages)).toEqual(new Set([messages[1]?.id]));
  });

  test('brings back the one message that it belongs to: a delivery that is to be tried again (F91)', async () => {
    const { ports, sent } = useCases({ endpoints: [endpoint('acme'), endpoint('globex')] });
    sent.deliver.rules.refuses = ({ body }) => body.includes('acme');
    const rows = ['acme', 'globex'].map((tenantId) => deliveryFor(tenantId));
    for (const row of rows) await ports.deliveries.record(undefined, row);
    const busy = { post: async () => ({ kind: 'answered', status: 503, ms: 1 }) as const };
    const messages = rows.map(({ tenantId, endpointId, at, webhookId }) =>
      messageOf({ tenantId, endpointId, at, webhookId }),
    );
    expect(await deliver({ ...ports, webhooks: busy })(messages)).toEqual(new Set([messages[1]?.id]));

    const events = ['a', 'b'].map((letter, i) =>
      messageOf({ detail: lifecycleEvent(job(letter, ['acme', 'globex'][i] ?? '', 'succeeded')) }),
    );
    expect(await notify({ ...ports, webhooks: busy })(events)).toEqual(new Set([events[1]?.id]));
  });
});

describe('a run of tick', () => {
  async function withAll() {
    const world = useCases({ endpoints: [endpoint('acme'), endpoint('globex')] });
    const { ports } = world;
    await ports.deliveries.record(undefined, deliveryFor('acme'));
    await ports.deliveries.record(undefined, deliveryFor('globex'));
    await ports.jobs.create(job('a', 'acme', 'submitted', { runId: 'run-1', dueAt: NOW - 1 }));
    await ports.jobs.create(job('b', 'globex', 'waiting', { dueAt: NOW }));
    await ports.jobs.create(job('c', 'globex', 'waiting', { dueAt: NOW, startBy: NOW - 1 }));
    await world.caughtUp();
    return world;
  }
  const doneFor = ({ sent }: Awaited<ReturnType<typeof withAll>>) => ({
    submit: sent.submit.taken.map(({ body }) => JSON.parse(body).jobId),
    deliver: sent.deliver.taken.map(({ body }) => JSON.parse(body).tenantId),
    events: sent.events.taken.map(({ type }) => type).toSorted(),
  });

  test('re-sends, retries and expires what is due', async () => {
    const world = await withAll();
    await reconcile(world.ports, tick);
    expect(doneFor(world)).toEqual({
      submit: [idOf('b')],
      deliver: ['acme', 'globex'],
      events: ['job.expired', 'job.waiting'],
    });
    expect(world.errors).toEqual([]);
  });

  test.each([
    [
      'one delivery cannot be read',
      (ports: Ports): Partial<Ports> => ({
        deliveries: {
          ...ports.deliveries,
          get: async (name) =>
            name.tenantId === 'acme'
              ? Promise.reject(new RowUnreadable('DELIVERIES#acme', 'status'))
              : ports.deliveries.get(name),
        },
      }),
      ['globex'],
    ],
    [
      'DescribeJobs fails',
      (ports: Ports): Partial<Ports> => ({
        batch: { ...ports.batch, describe: async () => Promise.reject(new Error('AccessDenied')) },
      }),
      ['acme', 'globex'],
    ],
    [
      'one shard cannot be read',
      (ports: Ports): Partial<Ports> => ({
        due: {
          ...ports.due,
          shards: ['nowhere', ...ports.due.shards],
          due: async (shard, ...rest) =>
            shard === 'nowhere' ? Promise.reject(new Error('Throttled')) : ports.due.due(shard, ...rest),
        },
      }),
      ['acme', 'globex'],
    ],
    [
      'the record of one job cannot be read',
      (ports: Ports): Partial<Ports> => ({
        jobs: {
          ...ports.jobs,
          load: async (ids) =>
            withUnreadable(
              await ports.jobs.load(ids),
              new Map([[idOf('a'), new RowUnreadable('JOB', 'state')]]),
            ),
        },
      }),
      ['acme', 'globex'],
    ],
  ] as const)('in which %s does all the rest (F92)', async (_what, change, deliver) => {
    const world = await withAll();
    await reconcile({ ...world.ports, ...change(world.ports) }, tick);
    expect(doneFor(world)).toEqual({ submit: [idOf('b')], deliver, events: ['job.expired', 'job.waiting'] });
    expect(world.errors.length).toBeGreaterThan(0);
  });

  test('takes the most overdue items first, whichever shard they are in (F92)', async () => {
    const { ports, caughtUp, time } = useCases(both);
    const letters = [...'bcdefghijklm'];
    for (const [i, letter] of letters.entries())
      await ports.jobs.create(job(letter, 'acme', 'waiting', { dueAt: NOW + ((i * 5) % 12) }));
    await caughtUp();
    time.nowMs = NOW + MINUTE_MS;
    const done = await reconcile(ports, { ...tick, untilMs: time.nowMs + 1 });
    const order = letters
      .map((letter, i) => ({ id: idOf(letter), at: (i * 5) % 12 }))
      .toSorted((a, b) => a.at - b.at);
    expect(done.map(({ job: { jobId } }) => jobId)).toEqual(order.map(({ id }) => id));
  });

  test('sets an item aside that fails in every run, says so once an hour, and takes it back when it can be read (F92)', async () => {
    const { ports, caughtUp, errors, time } = useCases(both);
    await ports.jobs.create(job('a', 'acme', 'waiting', { dueAt: NOW }));
    const load = async (ids: readonly string[]) =>
      withUnreadable(await ports.jobs.load(ids), new Map([[idOf('a'), new RowUnreadable('JOB', 'state')]]));
    for (let minute = 0; minute < 80; minute++) {
      await caughtUp();
      time.nowMs = NOW + minute * MINUTE_MS;
      await reconcile({ ...ports, jobs: { ...ports.jobs, load } }, { aheadMs: 0, untilMs: time.nowMs + 1 });
    }
    const told = (event: string) =>
      errors.filter((line) => line.event === event).map(({ count, jobId }) => [count, jobId]);
    expect(told('reconcile:item:failed')).toHaveLength(6);
    expect(told('reconcile:item:set_aside')).toEqual([
      [5, idOf('a')],
      [6, idOf('a')],
    ]);

    await caughtUp();
    time.nowMs = NOW + 180 * MINUTE_MS;
    const done = await reconcile(ports, { aheadMs: 0, untilMs: time.nowMs + 1 });
    expect(done.map(({ repair }) => repair.kind)).toEqual(['dispatch']);
    for (const shard of SET_ASIDE)
      expect((await ports.due.due(shard, Number.MAX_SAFE_INTEGER)).due).toEqual([]);
  });
});

type Ports = ReturnType<typeof useCases>['ports'];
