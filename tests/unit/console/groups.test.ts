/** What the console says of the members of a group is no more than the group knows. */
import { expect, it } from '@jest/globals';
import type { Group } from '../../../console/api/schema.ts';
import { arrayFacts, groupPath, membersText, progressOf } from '../../../console/groups/words.ts';

const none = { succeeded: 0, failed: 0, cancelled: 0, expired: 0, missing: 0 };

it.each<[string, Partial<Group>, string]>([
  ['open', { state: 'open' }, 'takes members'],
  ['sealed and waits for members', { state: 'sealed', expect: 1000 }, 'waits for 1,000 members'],
  ['under way', { state: 'running', members: { ...none, succeeded: 3 } }, 'at least 3 succeeded'],
  ['under way and none is known to have ended', { state: 'running', members: none }, 'members are under way'],
  ['over', { state: 'finished', members: { ...none, succeeded: 998, failed: 2 } }, '998 succeeded, 2 failed'],
  ['over without members', { state: 'finished', members: none }, 'no members'],
])('of a group that is %s', (_, fields, expected) => {
  const group: Group = {
    group: 'import-7',
    tenantId: 'acme',
    state: 'open',
    createdAt: '2026-11-30T11:00:00.000Z',
    ...fields,
  };
  expect(membersText(group)).toBe(expected);
});

const array = { idempotencyKey: 'a', jobType: 't', made: 0 };
const finish = { round: 1, at: '2026-11-30T12:00:00.000Z', status: 'failed', members: none } as const;
it.each<[string, Partial<Group>, readonly string[]]>([
  ['is a group and no array', { finish }, []],
  ['has its items in the message and no limits', { array: { ...array, items: 3 } }, []],
  [
    'was not read yet',
    { state: 'sealed', array: { ...array, itemsRef: 's3://b/items.jsonl' } },
    ['Its items are the lines of s3://b/items.jsonl', 'Its lines were not counted yet.'],
  ],
  [
    'has limits',
    { array: { ...array, items: 3, concurrency: 1, maxFailed: 20 } },
    [
      'Jobs of it that run at once: 1, at most.',
      'When more than 20 items have failed, the others are cancelled.',
    ],
  ],
  [
    // Why it was, and where its manifest is, the page says elsewhere.
    'was stopped',
    {
      state: 'finished',
      array: { ...array, items: 3, failure: { code: 'array_failures', message: 'More than 1 have failed.' } },
      finish: { ...finish, manifest: 's3://b/manifest-0.jsonl' },
    },
    [],
  ],
  ['has no lines', { state: 'finished', array, finish }, []],
])('of an array that %s', (_, fields, expected) => {
  const group: Group = {
    group: 'arr_a',
    tenantId: 'acme',
    state: 'running',
    createdAt: '2026-11-30T11:00:00.000Z',
    ...fields,
  };
  expect(arrayFacts(group)).toEqual(expected);
});

it('leads to a group by its tenant and its name, whatever letters they have', () => {
  expect(groupPath('acme', 'a.b-c_7')).toBe('/groups/acme/a.b-c_7');
  expect(groupPath('a/b', '?')).toBe('/groups/a%2Fb/%3F');
});

it.each<[string, Partial<Group>, object | undefined]>([
  ['takes members', { state: 'open' }, undefined],
  ['knows how many it expects', { state: 'sealed', expect: 40 }, { ended: 0, total: 40 }],
  [
    'is under way',
    { state: 'running', expect: 40, members: { ...none, succeeded: 30, failed: 1 } },
    { ended: 31, total: 40 },
  ],
  ['is under way and expects no number', { state: 'running', members: { ...none, succeeded: 3 } }, undefined],
  ['is over', { state: 'finished', members: { ...none, succeeded: 2 } }, { ended: 2, total: 2 }],
  ['is over without members', { state: 'finished', members: none }, undefined],
  [
    'has more than were expected',
    { state: 'finished', expect: 1, members: { ...none, failed: 2 } },
    { ended: 1, total: 1 },
  ],
  [
    'is an array',
    { state: 'running', array: { idempotencyKey: 'a', jobType: 't', items: 500, made: 100 }, members: none },
    { ended: 0, total: 500 },
  ],
])('a group that %s says how far it is, or nothing', (_, fields, expected) => {
  const group: Group = {
    group: 'g',
    tenantId: 'acme',
    state: 'open',
    createdAt: '2026-11-30T11:00:00.000Z',
    ...fields,
  };
  expect(progressOf(group)).toEqual(expected);
});
