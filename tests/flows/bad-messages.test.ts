/** A message that cannot be a job is dead-lettered at once, and the nine beside it are not held up. */
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { type Stack, startStack } from '../support/stack.ts';

jest.setTimeout(120_000);

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
  await stack.addTenant('acme');
  await stack.tenants.put({ tenantId: 'frozen', status: 'suspended' });
});
afterAll(() => stack.close());

const good = { specVersion: '1', tenantId: 'acme', jobType: 'csv.summarise' };
const csv = 's3://nowhere/tenants/acme/x.csv';
const CANARY = 'canary-4711';

const cases: readonly (readonly [string, object | string, string, string])[] = [
  ['text that is not JSON', `${CANARY} {`, 'body_not_json', '/'],
  ['a JSON array', `["${CANARY}"]`, 'body_not_object', '/'],
  ['a field of the wrong type', { ...good, tenantId: 7, input: {} }, 'field_type', '/tenantId'],
  ['an unknown tenant', { ...good, tenantId: 'nobody', input: { csv } }, 'tenant_unknown', '/tenantId'],
  ['a suspended tenant', { ...good, tenantId: 'frozen', input: { csv } }, 'tenant_suspended', '/tenantId'],
  ['an unknown job type', { ...good, jobType: 'coffee.brew', input: {} }, 'job_type_unknown', '/jobType'],
  [
    'an unknown field',
    { ...good, input: { csv }, idempotenceKey: CANARY },
    'field_unknown',
    '/idempotenceKey',
  ],
  [
    'a field that is not built yet',
    { ...good, input: { csv }, runAt: CANARY },
    'not_supported_yet',
    '/runAt',
  ],
  ["another tenant's object", { ...good, input: { csv } }, 'input_uri_forbidden', '/input/csv'],
];

it.each(cases)(
  '%s is dead-lettered at once with its code, pointer and sentence',
  async (_what, body, code, pointer) => {
    const key = `beside-${code}`;
    const neighbours = Array.from({ length: 9 }, (_, i) => ({
      ...good,
      idempotencyKey: `${key}-${i}`,
      input: { csv: `s3://${stack.bucket}/tenants/acme/inputs/x.csv` },
    }));
    await stack.send(...neighbours.slice(0, 4), body, ...neighbours.slice(4));

    const sent = typeof body === 'string' ? body : JSON.stringify(body);
    const letter = await stack.refusalOf(sent);
    expect(letter.attributes).toMatchObject({
      code,
      pointer,
      reason: expect.stringMatching(/^[A-Z].*[^ ]$/),
    });
    expect(Object.values(letter.attributes).join()).not.toContain(CANARY);
    await Promise.all(neighbours.map(({ idempotencyKey }) => stack.recorded('acme', idempotencyKey)));
  },
);

it('a message too large for a record says so and stays whole in the dead-letter queue', async () => {
  const body = JSON.stringify({ ...good, input: { padding: 'x'.repeat(300_000) } });
  await stack.send(body);
  const letter = await stack.refusalOf(body);
  expect(letter.attributes).toMatchObject({ code: 'body_too_large' });
});

it('an input that does not fit its job type names the place in the input', async () => {
  const body = { ...good, idempotencyKey: 'no-csv', input: { csv: 5 } };
  await stack.send(body);
  expect((await stack.refusalOf(JSON.stringify(body))).attributes).toMatchObject({
    code: 'input_invalid',
    pointer: '/input/csv',
  });
  expect(await stack.job('acme', 'no-csv')).toBeUndefined();
});

it('a key used again for another body is refused, and the first job is untouched', async () => {
  const input = { csv: `s3://${stack.bucket}/tenants/acme/inputs/x.csv` };
  await stack.send({ ...good, idempotencyKey: 'once', input });
  const first = await stack.recorded('acme', 'once');
  const other = { ...good, idempotencyKey: 'once', input: { ...input, delimiter: ';' } };
  await stack.send(other);
  expect((await stack.refusalOf(JSON.stringify(other))).attributes).toMatchObject({
    code: 'idempotency_conflict',
  });
  expect((await stack.job('acme', 'once'))?.fingerprint).toBe(first.fingerprint);
});
