/** Rules of the protocol that a run of the simulator shows only now and then: each alone. docs/developing/protocol.md has them. */
import { describe, expect, test } from '@jest/globals';
import { stepSubmission } from '../../../application/batch/submission.ts';
import { reconcile } from '../../../application/repair/reconcile.ts';
import { slots } from '../../../application/tenant/slots.ts';
import { deliver } from '../../../application/webhook/deliver.ts';
import { changed, type JobChange } from '../../../domain/job/job.ts';
import type { WholeJob } from '../../../domain/job/parts.ts';
import { holderOf } from '../../../domain/tenant/holder.ts';
import { Endpoint } from '../../../domain/webhook/endpoint.ts';
import { jobIn, NOW } from '../../support/jobs.ts';
import { messageOf, useCases } from '../../support/use-cases.ts';

const MINUTE_MS = 60_000;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz';
const pair = (i: number) => `${ALPHABET[Math.floor(i / 26)]}${ALPHABET[i % 26]}`;
const idOf = (letter: string) => `job_${letter.repeat(26)}`;
const waitingJob = (letter: string, change: JobChange = {}): WholeJob =>
  jobIn('waiting', { jobId: idOf(letter), queued: true, ...change });
const sentFor = ({ sent }: ReturnType<typeof useCases>) =>
  sent.submit.taken.map(({ body }) => JSON.parse(body).jobId);

test('a delivery is not tried before its time, however early its message comes (2.8)', async () => {
  const endpoint = Endpoint.parse({
    tenantId: 'acme',
    endpointId: 'whe_main',
    url: 'https://acme.example/',
    events: ['job.succeeded'],
    keys: [{ scheme: 'v1', sealed: 'sealed' }],
  });
  const world = useCases({ endpoints: [endpoint] });
  const name = {
    tenantId: 'acme',
    endpointId: 'whe_main',
    at: new Date(NOW).toISOString(),
    webhookId: `msg_${'a'.repeat(26)}`,
  };
  const row = { ...name, eventType: 'job.succeeded', body: '{}', status: 'pending' as const, tries: 1 };
  await world.ports.deliveries.record(undefined, { ...row, nextTryAt: NOW + 5 * MINUTE_MS, dueAt: NOW });
  const posts: string[] = [];
  const webhooks = {
    post: async ({ url }: { readonly url: string }) => {
      posts.push(url);
      return { kind: 'answered', status: 200, ms: 1 } as const;
    },
  };
  const early = messageOf(name);
  expect(await deliver({ ...world.ports, webhooks })([early])).toEqual(new Set([early.id]));
  expect(posts).toEqual([]);
  expect(world.sent.deliver.taken).toMatchObject([{ delaySeconds: 300 }]);

  world.time.nowMs = NOW + 5 * MINUTE_MS;
  await deliver({ ...world.ports, webhooks })([messageOf(name)]);
  expect(posts).toEqual(['https://acme.example/']);
});

describe('a gate', () => {
  async function withGate(settings: object, holding: readonly WholeJob[], waiting: readonly WholeJob[]) {
    const world = useCases({});
    const { gates, jobs } = world.ports;
    for (const job of [...holding, ...waiting]) await jobs.create(job);
    await gates.set('acme', undefined, settings, NOW);
    const gate = (await gates.load(['acme'])).get('acme');
    await gates.acquire('acme', gate, holding.map(holderOf), NOW);
    const full = (await gates.load(['acme'])).get('acme');
    await Promise.all(waiting.map((job) => world.ports.slots.acquire(job, full)));
    return world;
  }
  const over = (letter: string, change: JobChange = {}) =>
    jobIn('succeeded', { jobId: idOf(letter), hasSlot: true, settled: true, ...change });

  test('has its waiting list woken when reconcile looks at it (R4)', async () => {
    const world = await withGate({ cap: 1 }, [over('a')], [waitingJob('b')]);
    await world.caughtUp();
    world.time.nowMs = NOW + 2 * MINUTE_MS;
    await reconcile(world.ports, { aheadMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
    expect(sentFor(world)).toEqual([idOf('b')]);
  });

  test('lets two in when one leaves, for it may have made room for its type and for its key (2.7)', async () => {
    const red = { concurrencyKey: 'red' };
    const caps = { typeCaps: { 'report.render': 1 }, keyCap: 1 };
    // Of the type whose cap is full again by then, and more than a look reads at once.
    const between = Array.from({ length: 120 }, (_, i) =>
      waitingJob('c', { jobId: `${idOf('c').slice(0, -2)}${pair(i)}`, createdAt: NOW + 1 }),
    );
    const last = waitingJob('d', { ...red, jobType: 'anything.goes', createdAt: NOW + 2 });
    const world = await withGate(caps, [over('a', red)], [waitingJob('b'), ...between, last]);
    await world.ports.slots.release([over('a', red)]);
    expect(sentFor(world)).toEqual([idOf('b'), idOf('d')]);
  });

  test('tells both copies of a message the same, and of no slot that it has not given (S3)', async () => {
    const world = await withGate({ cap: 1 }, [over('a')], []);
    const { gates, waiting } = world.ports;
    const full = (await gates.load(['acme'])).get('acme');
    const none = async () => ({ items: [], hasMore: false, unreadable: [] });
    // Another process has it meanwhile: the look for the room that there is now finds no row.
    const mine = slots({ ...world.ports, waiting: { ...waiting, ready: none } });
    await gates.release('acme', [holderOf(over('a'))]);
    const copy = () => mine.acquire(waitingJob('b'), full);
    expect((await Promise.all([copy(), copy()])).map(({ kind }) => kind)).toEqual(['waits', 'waits']);
    expect((await gates.load(['acme'])).get('acme')?.holders).toEqual([]);
  });

  test('removes a waiting row only when its submit message is out (2.7)', async () => {
    const world = await withGate({ cap: 1 }, [over('a')], [waitingJob('b')]);
    world.sent.submit.rules.refuses = () => true;
    await expect(world.ports.slots.release([over('a')])).rejects.toThrow();
    expect(await world.ports.waiting.count('acme')).toBe(1);
    world.sent.submit.rules.refuses = () => false;
    const fresh = slots(world.ports);
    await fresh.release([over('a')]);
    expect((await world.ports.gates.load(['acme'])).get('acme')?.holders).toMatchObject([
      { jobId: idOf('b') },
    ]);
  });
});

describe('the answer to SubmitJob', () => {
  const step = { weight: 1, gate: undefined, holdsSlot: false } as const;
  const asked = { tenantId: 'acme', jobId: idOf('a'), attempt: 1 };

  test.each([
    ['accepted', { kind: 'accepted', runId: 'late-run' }],
    ['not accepted', { kind: 'not_accepted', why: 'TooManyRequestsException' }],
  ] as const)(
    'that comes when the next attempt has its own call open is not taken for it: %s (S8, S9)',
    async (_what, answer) => {
      const { ports } = useCases({});
      await ports.jobs.create(jobIn('waiting', { jobId: idOf('a') }));
      const terminated: string[] = [];
      const batch = {
        ...ports.batch,
        terminate: async (runId: string) => void terminated.push(runId),
        submit: async () => {
          const mine = (await ports.jobs.get(idOf('a')))!;
          const next = changed(
            mine,
            { attempt: 2, calls: mine.calls + 1, endedAttempts: [{ attempt: 1, endedAt: NOW }] },
            NOW,
          );
          expect(await ports.jobs.replace(mine, next)).toBe('written');
          return answer;
        },
      };
      await stepSubmission({ ...ports, batch }, { ...step, asked }, await ports.jobs.get(idOf('a')));
      expect(await ports.jobs.get(idOf('a'))).toMatchObject({
        state: 'submitting',
        attempt: 2,
        callOpen: true,
      });
      expect((await ports.jobs.get(idOf('a')))?.runId).toBeUndefined();
      expect(terminated).toEqual(answer.kind === 'accepted' ? ['late-run'] : []);
    },
  );
});

describe('reconcile', () => {
  const look = { aheadMs: 0, untilMs: Number.MAX_SAFE_INTEGER };

  test('leaves a job alone that is not due any more, although the index still says so (R10)', async () => {
    const world = useCases({});
    const later = jobIn('waiting', { jobId: idOf('a'), dueAt: NOW + 5 * MINUTE_MS });
    await world.ports.jobs.create(later);
    const stale = { kind: 'job', jobId: idOf('a'), dueAt: NOW - 1, isSetAside: false, group: 'g' } as const;
    const due = { ...world.ports.due, shards: ['0'], due: async () => ({ due: [stale] }) };
    expect(await reconcile({ ...world.ports, due }, look)).toEqual([]);
    expect(await world.ports.jobs.get(idOf('a'))).toEqual(later);
    expect(world.sent.submit.taken).toEqual([]);
  });

  test('leaves a job to the run that was faster (R10)', async () => {
    const world = useCases({});
    await world.ports.jobs.create(jobIn('waiting', { jobId: idOf('a'), dueAt: NOW }));
    await world.caughtUp();
    const runs = await Promise.all([reconcile(world.ports, look), reconcile(world.ports, look)]);
    expect(runs.flat()).toHaveLength(1);
    expect(sentFor(world)).toEqual([idOf('a')]);
  });
});
