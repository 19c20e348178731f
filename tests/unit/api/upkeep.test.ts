/** Whether the stack keeps up, and the holders of slots, as operators ask for them. */
import { describe, expect, it, test } from '@jest/globals';
import { slotsView } from '../../../domain/reading/slot-view.ts';
import { checksOf, type Upkeep } from '../../../domain/reading/upkeep-view.ts';
import { doors } from '../../support/doors.ts';
import { jobIn, NOW } from '../../support/jobs.ts';

const WELL: Upkeep = { lateMs: undefined, setAside: 0, hasMore: false, deadLetters: [] };
const idOf = (letter: string) => `job_${letter.repeat(26)}`;

describe('the upkeep of a stack', () => {
  const front = (count: number) => ({ deadLetters: [{ queue: 'front', count }] });
  test.each<[string, Partial<Upkeep>, string, boolean, string]>([
    ['nothing is due', {}, 'due.late', true, 'nothing is due'],
    ['an item is due for three minutes', { lateMs: 180_000 }, 'due.late', true, 'due for 180 s'],
    ['an item is due for longer', { lateMs: 181_000 }, 'due.late', false, 'due for 181 s'],
    ['items were given up', { setAside: 2 }, 'due.set_aside', false, 'found 2'],
    ['more than a page was', { setAside: 9, hasMore: true }, 'due.set_aside', false, 'found 9 or more'],
    ['senders have a hundred letters', front(100), 'queues.dead_letters', true, 'front 100'],
    ['senders have one more', front(101), 'queues.dead_letters', false, 'at most 100 dead letters of front'],
    [
      'a step of our own has one',
      { deadLetters: [{ queue: 'track', count: 1 }] },
      'queues.dead_letters',
      false,
      'at most 0 dead letters of track, found 1',
    ],
  ])('is told when %s', (_, seen, id, isWell, says) => {
    const checks = checksOf({ ...WELL, ...seen });
    expect(checks.find((check) => check.id === id)).toEqual({
      id,
      ok: isWell,
      says: expect.stringContaining(says),
      ...(isWell ? {} : { fix: expect.any(String) }),
    });
    expect(checks.filter((check) => check.id !== id).every(({ ok }) => ok)).toBe(true);
  });

  it('finds a job whose time has come and gone, and counts letters', async () => {
    const opened = doors({ letters: [{ queue: 'notify', count: 3 }] });
    await opened.ports.jobs.create(jobIn('submitted', { jobId: idOf('a'), dueAt: NOW }));
    await opened.caughtUp();
    opened.time.nowMs = NOW + 600_000;
    const { status, body } = await opened.operate('/v1/upkeep');
    expect(status).toBe(200);
    expect(body.deadLetters).toEqual([{ queue: 'notify', count: 3 }]);
    expect(body.items.map(({ id, ok }: { id: string; ok: boolean }) => [id, ok])).toEqual([
      ['due.late', false],
      ['due.set_aside', true],
      ['queues.dead_letters', false],
    ]);
  });
});

describe('the slots of a tenant', () => {
  it('are told with their holders, and which of these need none any more', async () => {
    const opened = doors({ tenants: [{ tenantId: 'acme', status: 'active' }] });
    const { gates, jobs } = opened.ports;
    const runs = jobIn('running', { jobId: idOf('a'), hasSlot: true });
    const over = jobIn('succeeded', { jobId: idOf('b') });
    for (const job of [runs, over]) await jobs.create(job);
    await gates.set('acme', undefined, { cap: 2 }, NOW);
    const holders = [runs, over, { ...runs, jobId: idOf('c') }].map(({ jobId, attempt }) => ({
      jobId,
      attempt,
      typeTag: 1,
    }));
    const gate = (await gates.load(['acme'])).get('acme');
    expect(await gates.acquire('acme', gate, holders, NOW)).toBe('written');
    const { status, body } = await opened.operate('/v1/tenants/acme/slots');
    expect(status).toBe(200);
    expect(body.items).toEqual([
      expect.objectContaining({ jobId: runs.jobId, state: 'running', idempotencyKey: runs.idempotencyKey }),
      expect.objectContaining({ jobId: over.jobId, state: 'succeeded', leaked: true }),
      { jobId: idOf('c'), attempt: runs.attempt, leaked: true },
    ]);
    expect(body.items[0]).not.toHaveProperty('leaked');
    expect(body.above).toEqual([{ what: 'the tenant', inUse: 3, cap: 2 }]);
  });

  it('are not called leaked where a record cannot be read, since its attempt may run', () => {
    const holder = { jobId: idOf('a'), attempt: 1, typeTag: 1 };
    const gate = { tenantId: 'acme', version: 1, holders: [holder] };
    expect(slotsView(gate, new Map(), new Set([holder.jobId])).items).toEqual([
      { jobId: holder.jobId, attempt: 1 },
    ]);
  });

  it('are none of a tenant without caps, and not found of one that is not there', async () => {
    const { operate } = doors({ tenants: [{ tenantId: 'acme', status: 'active' }] });
    expect((await operate('/v1/tenants/acme/slots')).body).toEqual({ items: [], above: [] });
    expect(await operate('/v1/tenants/absent/slots')).toMatchObject({ status: 404 });
  });
});
