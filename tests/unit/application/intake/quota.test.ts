/** How often waiting jobs are counted: a count reads the whole list, so it must not be made for each message. */
import { expect, test } from '@jest/globals';
import { backlogCounter } from '../../../../application/intake/quota.ts';
import type { Gate } from '../../../../domain/tenant/gate.ts';
import { NOW } from '../../../support/jobs.ts';

const gateOf = (tenantId: string, change: Partial<Gate> = {}): Gate => ({
  tenantId,
  version: 1,
  holders: [],
  paused: { reason: 'maintenance', at: NOW },
  ...change,
});

function counting(waiting: number) {
  const time = { nowMs: NOW };
  const counted: string[] = [];
  const count = backlogCounter({
    waiting: { count: async (tenantId) => counted.push(tenantId) && waiting },
    clock: { nowMs: () => time.nowMs },
    log: { info: () => undefined, error: () => undefined },
  });
  const ask = async (quota: number | undefined, ...gates: readonly Gate[]) =>
    Object.fromEntries(await count(new Map(gates.map((gate) => [gate.tenantId, gate])), () => quota));
  return { time, counted, ask };
}

test('one count serves a second of messages, and each tenant has its own', async () => {
  const { time, counted, ask } = counting(7);
  expect(await ask(10, gateOf('acme'))).toEqual({ acme: 7 });
  time.nowMs += 999;
  expect(await ask(10, gateOf('acme'), gateOf('globex'))).toEqual({ acme: 7, globex: 7 });
  expect(counted).toEqual(['acme', 'globex']);
  time.nowMs += 1;
  await ask(10, gateOf('acme'));
  expect(counted).toEqual(['acme', 'globex', 'acme']);
});

test('nothing is counted for a gate that is open and empty, or for a tenant that is refused anyway', async () => {
  const { counted, ask } = counting(7);
  expect(await ask(10, gateOf('acme', { paused: undefined }))).toEqual({ acme: 0 });
  expect(await ask(undefined, gateOf('globex'))).toEqual({ globex: 0 });
  expect(counted).toEqual([]);
});
