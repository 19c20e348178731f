/** Groups, over the door for operators and the steps of the functions: who is a member, when it is over, and what is told. */
import { describe, expect, test } from '@jest/globals';
import { submit } from '../../../../application/batch/submit.ts';
import { intake } from '../../../../application/intake/intake.ts';
import { dispatch } from '../../../../application/job/dispatch.ts';
import { childIdOf, jobIdOf } from '../../../../application/job/identity.ts';
import { notify } from '../../../../application/webhook/notify.ts';
import { MAX_EXPECTED } from '../../../../domain/group/group.ts';
import { changed, type JobState } from '../../../../domain/job/job.ts';
import { doors } from '../../../support/doors.ts';
import { aRequest } from '../../../support/jobs.ts';
import { messageOf } from '../../../support/use-cases.ts';

const GROUP = 'import-7';
const idOf = (key: string) => jobIdOf('acme', key);
const post = (body: object = {}) => ({ method: 'POST', body });
const counts = { succeeded: 0, failed: 0, cancelled: 0, expired: 0, missing: 0 };

function world() {
  const opened = doors();
  const { operate, ports, sent, time } = opened;
  const [take, step, tell] = [intake(ports), submit(ports), notify(ports)];
  const settle = async () => {
    for (let left = sent.submit.taken.splice(0); left.length > 0; left = sent.submit.taken.splice(0))
      await step(left.map(({ body }) => messageOf(JSON.parse(body))));
  };
  return {
    ...opened,
    settle,
    letters: () => sent.letters.taken.map(({ attributes }) => attributes?.['code']),
    events: () => sent.events.taken.filter(({ type }) => type === 'group.finished'),
    told: () =>
      tell(
        sent.events.taken
          .filter(({ type }) => type === 'group.finished')
          .map((detail) => messageOf({ detail })),
      ),
    send: (body: object) => take([messageOf({ specVersion: '1', tenantId: 'acme', ...body })]),
    join: (key: string, more: object = {}) =>
      take([messageOf({ ...aRequest(), idempotencyKey: key, group: GROUP, ...more })]),
    seal: (body: object = {}, group = GROUP) => operate(`/v1/groups/${group}/seal?tenant=acme`, post(body)),
    group: async (group = GROUP) => (await operate(`/v1/groups/${group}?tenant=acme`)).body,
    state: async (key: string) => (await ports.jobs.get(idOf(key)))?.state,
    async end(jobId: string, state: JobState) {
      const job = await ports.jobs.get(jobId);
      if (job === undefined) throw new Error(`${jobId} was not recorded`);
      const failure = { class: 'app_error', code: 'exit_code', message: '' } as const;
      const next = changed(job, { state, ...(state === 'failed' ? { failure } : {}) }, time.nowMs);
      await ports.jobs.replace(job, next);
      await dispatch(ports, [next]);
      await settle();
    },
  };
}

describe('a group', () => {
  test('ends when it is sealed and all of its jobs have ended, and tells how', async () => {
    const { join, seal, end, group, events, settle } = world();
    for (const key of ['a', 'b']) await join(key);
    await end(idOf('a'), 'succeeded');
    expect(await group()).toMatchObject({ state: 'open' });
    expect((await seal()).body).toMatchObject({ state: 'running', round: 1 });
    await settle();
    expect(events()).toEqual([]);
    await end(idOf('b'), 'failed');
    expect(await group()).toMatchObject({
      state: 'finished',
      round: 1,
      finish: { status: 'failed', members: { ...counts, succeeded: 1, failed: 1 } },
    });
    expect(events()).toMatchObject([
      { data: { group: GROUP, sequence: 1, status: 'failed', members: { succeeded: 1, failed: 1 } } },
    ]);
  });

  test('that has no jobs ends at its seal, with zeros', async () => {
    const { seal, settle, events } = world();
    await seal();
    await settle();
    expect(events()).toMatchObject([{ data: { status: 'succeeded', members: counts } }]);
  });

  test('that is sealed takes no more jobs, and a job that came before is found again', async () => {
    const { join, seal, letters, state } = world();
    await join('a');
    await seal();
    for (const key of ['late', 'a']) await join(key);
    expect(letters()).toEqual(['group_sealed']);
    expect([await state('late'), await state('a')]).toEqual([undefined, 'waiting']);
  });

  test('that is sealed before its members waits for as many as are expected, and for no more', async () => {
    const { join, send, settle, group, letters, end } = world();
    await send({ action: 'group.seal', group: GROUP, expect: 2 });
    await settle();
    await join('a');
    await end(idOf('a'), 'succeeded');
    expect(await group()).toMatchObject({ state: 'sealed', expect: 2 });
    await join('b');
    await settle();
    expect(await group()).toMatchObject({ state: 'running', round: 1 });
    await join('c');
    await end(idOf('b'), 'succeeded');
    expect(await group()).toMatchObject({ state: 'finished', finish: { status: 'succeeded' } });
    expect(letters()).toEqual(['group_sealed']);
  });

  test('is sealed once: the same seal again changes nothing, and another one is refused', async () => {
    const { seal } = world();
    expect((await seal({ expect: 2 })).status).toBe(200);
    expect((await seal({ expect: 2 })).status).toBe(200);
    expect(await seal({ expect: 3 })).toMatchObject({
      status: 409,
      body: { code: 'group_sealed', errors: [{ pointer: '/expect' }] },
    });
  });

  test('whose time is over counts those that have not come, and is over', async () => {
    const { seal, join, time, settle, send, group, end } = world();
    await join('a');
    await seal({ expect: 3, groupTimeoutSeconds: 60 });
    await end(idOf('a'), 'succeeded');
    time.nowMs += 61_000;
    await send({ action: 'group.seal', group: GROUP, expect: 3 });
    await settle();
    expect(await group()).toMatchObject({
      state: 'finished',
      finish: { members: { succeeded: 1, missing: 2 } },
    });
  });

  test('whose member is redriven has another round, and is told of once more', async () => {
    const { join, seal, end, settle, group, events, operate, told } = world();
    await join('a');
    await seal();
    await end(idOf('a'), 'failed');
    await told();
    expect(await group()).toMatchObject({ state: 'finished', round: 1 });
    for (const _ of ['once', 'and again']) {
      await operate(`/v1/jobs/${idOf('a')}/redrive`, { method: 'POST' });
      await settle();
    }
    expect(await group()).toMatchObject({ state: 'running', round: 2, finish: { round: 1 } });
    await end(childIdOf(idOf('a')), 'succeeded');
    await operate(`/v1/jobs/${idOf('a')}/redrive`, { method: 'POST' });
    await settle();
    const sequences = new Set(events().map((event) => ('sequence' in event.data ? event.data.sequence : 0)));
    expect([...sequences]).toEqual([1, 2]);
    expect(await group()).toMatchObject({ state: 'finished', round: 2, finish: { status: 'succeeded' } });
  });

  test('that is cancelled ends its members, and takes no more', async () => {
    const { join, operate, settle, state, letters, group } = world();
    for (const key of ['a', 'b']) await join(key);
    const cancelled = await operate(`/v1/groups/${GROUP}/cancel?tenant=acme`, { method: 'POST' });
    expect(cancelled.status).toBe(202);
    await settle();
    await join('late');
    expect([await state('a'), await state('b'), letters()]).toEqual([
      'cancelled',
      'cancelled',
      ['group_sealed'],
    ]);
    expect(await group()).toMatchObject({ state: 'finished', finish: { members: { cancelled: 2 } } });
  });

  test('is over for good when its tenant was told: nothing is due any more', async () => {
    const { join, seal, end, told, ports } = world();
    await join('a');
    await seal();
    await end(idOf('a'), 'succeeded');
    const name = { tenantId: 'acme', groupId: GROUP };
    expect(await ports.groups.get(name)).toMatchObject({ unsettled: [{ round: 1 }] });
    await told();
    const settled = await ports.groups.get(name);
    expect([settled?.unsettled, settled?.dueAt]).toEqual([[], undefined]);
  });

  test('of a thousand members watches at most 12 of them on average, and counts each', async () => {
    const { join, seal, ports, settle, group, end } = world();
    const keys = Array.from({ length: 1000 }, (_, i) => `key-${i}`);
    for (const key of keys) await join(key);
    let watches = 0;
    const { watch } = ports.dependants;
    Object.assign(ports.dependants, {
      watch: async (...given: Parameters<typeof watch>) => {
        watches++;
        await watch(...given);
      },
    });
    await seal();
    await settle();
    // In an order that has nothing to do with that of their ids.
    for (const key of keys) await end(idOf(key), 'succeeded');
    expect(await group()).toMatchObject({ state: 'finished', finish: { members: { succeeded: 1000 } } });
    expect(watches).toBeLessThanOrEqual(12);
  });
});

describe('a job that waits for a group', () => {
  const on = (condition: string) => ({ dependsOn: [{ group: GROUP, condition }] });

  test.each([
    ['succeeded', 'succeeded', 'submitted'],
    ['succeeded', 'failed', 'failed'],
    ['finished', 'failed', 'submitted'],
    ['failed', 'failed', 'submitted'],
    ['failed', 'succeeded', 'cancelled'],
  ] as const)('that is to have %s, and whose member has %s, is %s', async (condition, end, state) => {
    const { join, send, seal, settle, end: ended, state: stateNow } = world();
    await send({ ...aRequest(), idempotencyKey: 'after', ...on(condition) });
    await join('a');
    await settle();
    expect(await stateNow('after')).toBe('blocked');
    await seal();
    await ended(idOf('a'), end);
    expect(await stateNow('after')).toBe(state);
  });

  test('holds for a round that succeeds, if it says so', async () => {
    const { join, send, seal, settle, end, state, operate } = world();
    await send({ ...aRequest(), idempotencyKey: 'after', ...on('succeeded'), onDependencyFailure: 'hold' });
    await join('a');
    await seal();
    await settle();
    await end(idOf('a'), 'failed');
    expect(await state('after')).toBe('blocked');
    await operate(`/v1/jobs/${idOf('a')}/redrive`, { method: 'POST' });
    await settle();
    await end(childIdOf(idOf('a')), 'succeeded');
    expect(await state('after')).toBe('submitted');
  });

  test('is refused as its own member, and fails when a member waits for it', async () => {
    const { join, send, settle, letters, state } = world();
    await join('self', on('finished'));
    expect(letters()).toEqual(['dependency_self']);
    await send({ ...aRequest(), idempotencyKey: 'after', ...on('finished') });
    await join('a', { dependsOn: [{ idempotencyKey: 'after' }] });
    await settle();
    expect([await state('after'), await state('a')]).toContain('failed');
  });

  test('says which group it waits for', async () => {
    const { operate, send } = world();
    await send({ ...aRequest(), idempotencyKey: 'after', ...on('finished') });
    const why = await operate(`/v1/jobs/${idOf('after')}/why`);
    expect(why.body).toMatchObject({ waitsFor: 'jobs', other: `group:${GROUP}`, left: 1 });
    expect(why.body.text).toMatch(/^group:import-7, on which it depends, has not come yet; it fails after/);
  });
});

describe('over HTTP', () => {
  test('groups are listed, the newest first, and members in pages', async () => {
    const { seal, join, operate, time, caughtUp } = world();
    for (const name of ['first', 'second', 'third']) {
      await seal({ expect: 1 }, name);
      time.nowMs += 1000;
    }
    await caughtUp();
    const page = await operate('/v1/groups?tenant=acme&limit=2');
    expect(page.body.items.map(({ group }: { group: string }) => group)).toEqual(['third', 'second']);
    const rest = await operate(`/v1/groups?tenant=acme&limit=2&cursor=${page.body.next}`);
    expect(rest.body).toMatchObject({ items: [{ group: 'first', state: 'sealed' }] });
    for (const key of ['a', 'b', 'c']) await join(key);
    const members: string[] = [];
    for (let next: string | undefined = ''; next !== undefined; ) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`;
      const { body } = await operate(`/v1/groups/${GROUP}/members?tenant=acme&limit=2${cursor}`);
      members.push(...body.items.map(({ job }: { job: { idempotencyKey: string } }) => job.idempotencyKey));
      next = body.next;
    }
    expect(members.toSorted()).toEqual(['a', 'b', 'c']);
  });

  test("another tenant's group is like one that is not there", async () => {
    const { seal, operate } = world();
    await seal();
    for (const path of [
      `/v1/groups/${GROUP}`,
      `/v1/groups/${GROUP}/members`,
      '/v1/groups/none',
      '/v1/groups/a%23b',
    ])
      expect(await operate(`${path}?tenant=globex`)).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
    expect((await operate('/v1/groups?tenant=globex')).body).toEqual({ items: [] });
  });

  test.each<[string, object, string, string]>([
    ['a number of members below zero', { expect: -1 }, 'field_invalid', '/expect'],
    ['a number of members that no group has', { expect: MAX_EXPECTED + 1 }, 'field_invalid', '/expect'],
    ['half a member', { expect: 1.5 }, 'field_type', '/expect'],
    ['a time below a minute', { groupTimeoutSeconds: 59 }, 'field_invalid', '/groupTimeoutSeconds'],
    ['an unknown field', { expected: 3 }, 'field_unknown', '/expected'],
  ])('a seal with %s is refused', async (_, body, code, pointer) => {
    const answer = await world().seal(body);
    expect(answer).toMatchObject({ status: 400, body: { code, errors: [{ pointer }] } });
  });
});
