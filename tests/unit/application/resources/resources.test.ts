/** What a caller reaches, finds and does by the use cases behind every door. */
import { describe, expect, it, test } from '@jest/globals';
import { submit } from '../../../../application/batch/submit.ts';
import { intake } from '../../../../application/intake/intake.ts';
import { cancelJob } from '../../../../application/resources/cancel-job.ts';
import { explainWait } from '../../../../application/resources/explain-wait.ts';
import { jobTimeline } from '../../../../application/resources/job-timeline.ts';
import { listJobs } from '../../../../application/resources/list-jobs.ts';
import { discardJob, redriveJob } from '../../../../application/resources/redrive-job.ts';
import { resources } from '../../../../application/resources/resources.ts';
import { submitJob } from '../../../../application/resources/submit-job.ts';
import type { JobChange, JobRecord } from '../../../../domain/job/job.ts';
import type { WholeJob } from '../../../../domain/job/parts.ts';
import { parseSubmission } from '../../../../domain/request/request.ts';
import { Endpoint } from '../../../../domain/webhook/endpoint.ts';
import { aRequest, jobIn, NOW } from '../../../support/jobs.ts';
import { messageOf, useCases } from '../../../support/use-cases.ts';

const idOf = (letter: string) => `job_${letter.repeat(26)}`;
const body = (change: object = {}) => {
  const { tenantId: _, ...asked } = aRequest();
  return JSON.stringify({ ...asked, idempotencyKey: 'report-42', ...change });
};

async function withJobs(...jobs: WholeJob[]) {
  const opened = useCases();
  for (const job of jobs) await opened.ports.jobs.create(job);
  await opened.caughtUp();
  return { ...opened, mine: resources(opened.ports) };
}

test('a job whose message was repeated is listed once, where it was recorded', async () => {
  const jobs = ['a', 'b'].map((letter) => jobIn('running', { jobId: idOf(letter), createdAt: NOW }));
  const { ports, mine } = await withJobs(...jobs);
  const dueAt = NOW + 60_000;
  const jobIds = jobs.map(({ jobId }) => jobId);
  await ports.rolls.put({ tenantId: 'acme', createdAt: NOW + 5000, dueAt, jobIds });
  const page = await listJobs(ports, { ...mine.of('acme'), tenantId: 'acme' }, {}, { limit: 10 });
  expect(page).toMatchObject({
    kind: 'page',
    examined: 4,
    jobs: [{ jobId: idOf('b') }, { jobId: idOf('a') }],
  });
  expect('jobs' in page && page.jobs).toHaveLength(2);
});

describe('a caller', () => {
  const job = (letter: string, tenantId: string, change: JobChange = {}) =>
    jobIn('running', { jobId: idOf(letter), tenantId, ...change });
  const tagged = job('b', 'acme', { tags: { plan: 'free' } });
  const all = [job('a', 'acme'), tagged, job('c', 'globex', { tags: { plan: 'free' } })];
  const reached = async (mine: { job(id: string): Promise<object | undefined> }) => {
    const found = [];
    for (const letter of ['a', 'b', 'c', 'd']) if (await mine.job(idOf(letter))) found.push(letter);
    return found.join('');
  };

  it('reaches the jobs of its tenant, and what is left of them when it is narrowed', async () => {
    const { mine } = await withJobs(...all);
    expect(await reached(mine.of('acme'))).toBe('ab');
    expect(await reached(mine.of('acme', { jobId: idOf('a') }))).toBe('a');
    expect(await reached(mine.of('acme', { jobId: idOf('c') }))).toBe('');
    expect(await reached(mine.of('acme', { tag: { key: 'plan', value: 'free' } }))).toBe('b');
    expect(await reached(mine.of('acme', { jobId: idOf('a'), tag: { key: 'plan', value: 'free' } }))).toBe(
      '',
    );
    expect(await reached(mine.of('initrode'))).toBe('');
    expect(await reached(mine.ofEveryTenant())).toBe('abc');
  });

  it.each(['', 'x', `${idOf('a')}/why`, `${idOf('a')}%00`, '../a', `JOB#${idOf('a')}`])(
    'reaches nothing by %j, and no key is made of it',
    async (id) => {
      const { ports } = await withJobs(...all);
      const get = async () => Promise.reject(new Error('asked the table'));
      const mine = resources({ ...ports, jobs: { ...ports.jobs, get } }).of('acme');
      expect(await mine.job(id)).toBeUndefined();
      expect(await mine.endpoint(id)).toBeUndefined();
      expect(await mine.delivery({ endpointId: id, at: id, webhookId: id })).toBeUndefined();
    },
  );

  it('is listed what it reaches, and its cursors name no tenant', async () => {
    const { ports, mine } = await withJobs(...all);
    const own = { ...mine.of('acme'), tenantId: 'acme' };
    const first = await listJobs(ports, own, {}, { limit: 1 });
    if (first.kind === 'refused' || first.next === undefined) throw new Error('there is a second page');
    const second = await listJobs(ports, own, {}, { limit: 1, cursor: first.next });
    if (second.kind === 'refused') throw new Error('it is a page');
    expect([...first.jobs, ...second.jobs].map(({ jobId }) => jobId).toSorted()).toEqual([
      idOf('a'),
      idOf('b'),
    ]);
    const others = { ...mine.of('globex'), tenantId: 'globex' };
    const foreign = await listJobs(ports, others, {}, { limit: 9, cursor: first.next });
    expect(foreign.kind === 'page' && foreign.jobs.every(({ tenantId }) => tenantId === 'globex')).toBe(true);
    const filtered = await listJobs(ports, own, { state: 'failed' }, { limit: 1, cursor: first.next });
    expect(filtered).toMatchObject({ kind: 'refused', problem: { code: 'cursor_invalid' } });
  });

  it('is listed no more by a narrowed credential than it reaches', async () => {
    const { ports, mine } = await withJobs(...all);
    const narrowed = { ...mine.of('acme', { tag: { key: 'plan', value: 'free' } }), tenantId: 'acme' };
    const page = await listJobs(ports, narrowed, {}, { limit: 10 });
    expect(page).toMatchObject({ kind: 'page', jobs: [{ jobId: idOf('b') }], examined: 2 });
  });
});

test('one page examines a thousand records at most, and says where to go on', async () => {
  const letters = 'abcdefghijklmnopqrstuvwxyz234567';
  const many = Array.from({ length: 1100 }, (_, i) =>
    jobIn('running', {
      jobId: `job_${[i, i >> 5, i >> 10].map((n) => letters[n & 31]).join('')}${'a'.repeat(23)}`,
      createdAt: NOW + i,
    }),
  );
  const { ports, mine } = await withJobs(...many);
  const own = { ...mine.of('acme'), tenantId: 'acme' };
  const rare = { state: 'failed' } as const;
  const first = await listJobs(ports, own, rare, { limit: 10 });
  expect(first).toMatchObject({ kind: 'page', jobs: [], examined: 1000, next: expect.any(String) });
  if (first.kind === 'refused') throw new Error('it is a page');
  const second = await listJobs(ports, own, rare, { limit: 10, cursor: first.next });
  expect(second).toEqual({ kind: 'page', jobs: [], examined: 100 });
});

describe('a submission', () => {
  const sender = { tenantId: 'acme' };

  it('is the same job as the message with the same key, through whichever door it comes first', async () => {
    const { ports } = useCases();
    const byDoor = submitJob(ports);
    const first = await byDoor('req_1', parseSubmission(body(), sender));
    const again = await byDoor('req_2', parseSubmission(body(), sender));
    await intake(ports)([messageOf({ ...aRequest(), idempotencyKey: 'report-42' })]);
    expect(first).toMatchObject({ kind: 'created', job: { tenantId: 'acme', version: 1 } });
    expect(again).toEqual({ kind: 'replayed', job: first.kind === 'refused' ? undefined : first.job });
    const other = await byDoor('req_3', parseSubmission(body({ input: { title: 'x' } }), sender));
    expect(other).toMatchObject({ kind: 'refused', problem: { code: 'idempotency_conflict' } });
  });

  it('by message first is found by the door', async () => {
    const { ports } = useCases();
    await intake(ports)([messageOf({ ...aRequest(), idempotencyKey: 'report-42' })]);
    expect(await submitJob(ports)('req_1', parseSubmission(body(), sender))).toMatchObject({
      kind: 'replayed',
    });
  });

  it('is taken although the queue and the bus do not answer: reconcile goes on', async () => {
    const { ports, errors } = useCases();
    const fails = () => Promise.reject(new Error('no answer'));
    const taken = await submitJob({ ...ports, submitQueue: { send: fails }, bus: { publish: fails } })(
      'req_1',
      parseSubmission(body(), sender),
    );
    expect(taken.kind).toBe('created');
    expect(errors.map(({ event }) => event)).toEqual(['job:dispatch:failed']);
  });

  test.each([
    ['another tenant', { tenantId: 'globex' }, 'field_forbidden', '/tenantId'],
    ['its own tenant', { tenantId: 'acme' }, 'field_forbidden', '/tenantId'],
    ['no key', { idempotencyKey: undefined }, 'idempotency_key_missing', '/idempotencyKey'],
    ['the key of a schedule', { idempotencyKey: 'schedule:nightly:1' }, 'field_invalid', '/idempotencyKey'],
    ['a cancel', { action: 'job.cancel' }, 'field_invalid', '/action'],
    ['an unknown field', { retries: 3 }, 'field_unknown', '/retries'],
  ])('with %s is refused', (_, change, code, pointer) => {
    expect(parseSubmission(body(change), sender)).toMatchObject({
      kind: 'refused',
      problem: { code, pointer },
    });
  });

  it('may have its key beside the body, and not two different ones', () => {
    const keyed = { ...sender, idempotencyKey: 'k-1' };
    expect(parseSubmission(body({ idempotencyKey: undefined }), keyed)).toMatchObject({
      kind: 'submit',
      request: { idempotencyKey: 'k-1' },
    });
    expect(parseSubmission(body({ idempotencyKey: 'k-1' }), keyed).kind).toBe('submit');
    expect(parseSubmission(body({ idempotencyKey: 'k-2' }), keyed)).toMatchObject({
      problem: { code: 'field_invalid', pointer: '/idempotencyKey' },
    });
  });
});

describe('a cancel', () => {
  it('ends a waiting job, and the submit step does the rest: no gate is touched here', async () => {
    const job = jobIn('waiting', { jobId: idOf('a') });
    const { ports, sent } = await withJobs(job);
    const gates = { load: ports.gates.load, release: () => Promise.reject(new Error('touched')) };
    const ended = await cancelJob({ ...ports, ...{ gates } }, job);
    expect(ended?.state).toBe('cancelled');
    expect(sent.submit.taken.map(({ body }) => JSON.parse(body).jobId)).toEqual([job.jobId]);
    const [asked] = sent.submit.taken;
    await submit(ports)([{ id: 'm', body: asked?.body ?? '', attributes: {} }]);
    expect(sent.events.taken.map(({ type }) => type)).toEqual(['job.cancelled']);
  });

  it('of a running job asks for its end, and a repeat changes nothing', async () => {
    const job = jobIn('running', { jobId: idOf('a') });
    const { ports } = await withJobs(job);
    const first = await cancelJob(ports, job);
    expect(first?.state).toBe('cancelling');
    expect(await cancelJob(ports, job)).toEqual(first);
  });
});

describe('a failed job', () => {
  const failed = jobIn('failed', { jobId: idOf('a'), fingerprint: '' });

  async function reallyFailed() {
    const opened = useCases();
    const made = await submitJob(opened.ports)('req_1', parseSubmission(body(), { tenantId: 'acme' }));
    if (made.kind === 'refused') throw new Error('it is taken');
    const job: JobRecord = { ...failed, ...made.job, state: 'failed', version: 2, finishedAt: NOW };
    await opened.ports.jobs.replace(made.job, job);
    return { ...opened, job };
  }

  it('is run again by one child, however often that is asked for', async () => {
    const { ports, job } = await reallyFailed();
    const again = redriveJob(ports);
    const first = await again('req_2', job);
    const second = await again('req_3', job);
    expect(first).toMatchObject({ kind: 'created', job: { parent: job.jobId } });
    expect(second).toMatchObject({ kind: 'replayed' });
    expect((await ports.jobs.get(job.jobId))?.redrivenAs).toBe(first.kind === 'created' && first.job.jobId);
  });

  it('that is discarded is not run again, and one that runs is neither', async () => {
    const { ports, job } = await reallyFailed();
    const discarded = await discardJob(ports, job, 'not wanted');
    if (discarded.kind === 'refused') throw new Error('it is discarded');
    expect(await discardJob(ports, discarded.job, 'not wanted')).toMatchObject({ kind: 'discarded' });
    const conflict = { kind: 'refused', problem: { code: 'state_conflict' } };
    expect(await redriveJob(ports)('req_2', discarded.job)).toMatchObject(conflict);
    expect(await redriveJob(ports)('req_2', jobIn('running'))).toMatchObject(conflict);
    expect(await discardJob(ports, jobIn('running'), 'x')).toMatchObject(conflict);
  });
});

test('why a job waits names its place in line, and counts the line for no other job', async () => {
  const waiting = jobIn('waiting', { jobId: idOf('a') });
  const { ports } = await withJobs(waiting);
  const count = async () => 4;
  const paused = { tenantId: 'acme', version: 1, holders: [], paused: { reason: 'unpaid', at: NOW } };
  const gates = { load: async () => new Map([['acme', paused]]) };
  const wait = await explainWait({ ...ports, gates, waiting: { count } }, waiting);
  expect(wait).toMatchObject({ kind: 'slot', ahead: 4 });
  const never = { count: () => Promise.reject(new Error('counted')) };
  expect(await explainWait({ ...ports, waiting: never }, jobIn('running'))).toEqual({ kind: 'none' });
});

test('a timeline has the webhooks of the state that the job is in', async () => {
  const endpoint = Endpoint.parse({
    tenantId: 'acme',
    endpointId: 'whe_a',
    url: 'https://acme.example/',
    events: ['job.succeeded'],
    keys: [{ scheme: 'v1', sealed: 'sealed' }],
  });
  const job = jobIn('succeeded', { jobId: idOf('a') });
  const { ports } = useCases({ endpoints: [endpoint] });
  const asked: string[] = [];
  const deliveries = {
    get: async ({ webhookId, at }: { webhookId: string; at: string }) => {
      asked.push(`${at} ${webhookId}`);
      return undefined;
    },
  };
  const mine = resources({ ...ports, deliveries }).of('acme');
  expect((await jobTimeline(mine, job, 'tenant')).map(({ kind }) => kind)).toContain('state.succeeded');
  expect(asked).toEqual([expect.stringMatching(/^2026-01-05T09:00:00.000Z msg_[a-z2-7]{26}$/)]);
});
