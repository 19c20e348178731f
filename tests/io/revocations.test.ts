/** Since when tokens of a tenant count, in the table. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { revocationStore } from '../../io/access/revocations.ts';
import type { Table } from '../../io/table/table.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { NOW } from '../support/jobs.ts';
import { createJobsTable } from '../support/jobs-table.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let items: Table;
beforeEach(async () => {
  cloud = await setUp();
  items = await createJobsTable(cloud.dynamodb);
});
afterEach(() => cloud.close());

test('tokens of one tenant are revoked, and an older revocation that comes later takes nothing back', async () => {
  const { tokensNotBefore, revoke } = revocationStore(items);
  expect(await tokensNotBefore('acme')).toBeUndefined();
  await revoke('acme', NOW);
  await revoke('acme', NOW - 1000);
  expect(await tokensNotBefore('acme')).toBe(NOW);
  await revoke('acme', NOW + 1000);
  expect(await tokensNotBefore('acme')).toBe(NOW + 1000);
  expect(await tokensNotBefore('globex')).toBeUndefined();
});
