/** What a tenant reads of its attempts: how many, and for how long, and never what they cost. */
import { expect, it } from '@jest/globals';
import type { Receipt } from '../../../domain/cost/receipt.ts';
import { bearer, ownedKey, tokenOf } from '../../support/credentials.ts';
import { doors } from '../../support/doors.ts';
import { NOW } from '../../support/jobs.ts';

const receipt = (change: Partial<Receipt> = {}): Receipt => ({
  tenantId: 'acme',
  jobId: `job_${'a'.repeat(26)}`,
  attempt: 1,
  jobType: 'csv.summarise',
  usdMicro: 125,
  billedSeconds: 60,
  endedAt: NOW,
  ...change,
});

async function opened() {
  const door = doors();
  const owned = ownedKey({ scopes: ['usage:read', 'jobs:read'] });
  await door.keys.register(owned.key);
  const long = { jobType: 'video.encode', usdMicro: 9, billedSeconds: 600, attempt: 2, tags: { team: 'a' } };
  const given = [
    receipt(),
    receipt(long),
    receipt({ tenantId: 'globex', billedSeconds: 7 }),
    receipt({ endedAt: Date.UTC(2025, 11, 31), attempt: 3 }),
  ];
  for (const each of given) await door.ports.receipts.put([each]);
  const as = (claims: object = {}) => ({
    headers: bearer(tokenOf(owned, { scope: 'usage:read', sub: 'acme', ...claims })),
  });
  return { ...door, as };
}

it('a tenant reads its own attempts of the month, those with the most seconds first, without prices', async () => {
  const { api, as } = await opened();
  const { status, body, text } = await api('/v1/usage', as());
  expect([status, body]).toEqual([
    200,
    {
      month: '2026-01',
      items: [
        { name: 'video.encode', jobs: 1, attempts: 1, billedSeconds: 600 },
        { name: 'csv.summarise', jobs: 1, attempts: 1, billedSeconds: 60 },
      ],
      total: { name: 'total', jobs: 2, attempts: 2, billedSeconds: 660 },
    },
  ]);
  expect(text).not.toMatch(/usd|price/i);
});

it.each([
  ['?month=2025-12', [['csv.summarise', 1]]],
  ['?month=2025-11', []],
  [
    '?by=tag&tag=team',
    [
      ['a', 1],
      ['', 1],
    ],
  ],
  ['?by=job', [[`job_${'a'.repeat(26)}`, 2]]],
])('/v1/usage%s', async (query, lines) => {
  const { api, as } = await opened();
  const { body } = await api(`/v1/usage${query}`, as());
  expect(
    body.items.map(({ name, attempts }: { name: string; attempts: number }) => [name, attempts]),
  ).toEqual(lines);
});

it.each([
  ['without the scope', { scope: 'jobs:read' }, '', 403, 'scope_missing'],
  ['narrowed to a job', { job: `job_${'a'.repeat(26)}` }, '', 403, 'scope_missing'],
  ['for a tag without its name', {}, '?by=tag', 400, 'parameter_invalid'],
  ['for a month that is none', {}, '?month=2026-13', 400, 'parameter_invalid'],
])('a caller %s is refused', async (_, claims, query, status, code) => {
  const { api, as } = await opened();
  const answer = await api(`/v1/usage${query}`, as(claims));
  expect([answer.status, answer.body.code]).toEqual([status, code]);
});

it('an operator names the tenant', async () => {
  const { operate } = await opened();
  expect((await operate('/v1/usage?tenant=globex')).body.total).toMatchObject({ billedSeconds: 7 });
  expect((await operate('/v1/usage')).status).toBe(400);
});
