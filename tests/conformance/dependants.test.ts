/** Which jobs wait for which: one contract on every table. */
import { expect } from '@jest/globals';
import type { Dependant } from '../../domain/dependency/dependant.ts';
import { onEachTarget } from './targets.ts';

const [A, B, C] = ['a', 'b', 'c'].map((letter) => `job_${letter.repeat(26)}`) as [string, string, string]; // three of three
const waiting = (name: string, change: Partial<Dependant> = {}): Dependant => ({
  tenantId: 'acme',
  name,
  condition: 'succeeded',
  holds: false,
  expiresAt: 4_000_000_000_000,
  ...change,
});
const a = { tenantId: 'acme', name: A };

onEachTarget((open, test) => {
  test('a job for which none has waited has no dependants, and one for which one has is known to have', async () => {
    const { dependants } = (await open()).process();
    expect(await dependants.having([a])).toEqual([]);
    await dependants.link([A], waiting(B));
    const other = { tenantId: 'acme', name: C };
    expect(await dependants.having([other, a])).toEqual([a]);
    expect(await dependants.page(a, 10)).toEqual({ dependants: [waiting(B)] });
  });

  test('a watch lasts: a link that comes later does not take it back, and a repeat changes nothing', async () => {
    const { dependants } = (await open()).process();
    await dependants.watch(A, waiting(B, { condition: 'finished', holds: true }));
    await dependants.link([A], waiting(B));
    await dependants.watch(A, waiting(B, { condition: 'finished', holds: true }));
    const { dependants: found } = await dependants.page(a, 10);
    expect(found).toEqual([{ ...waiting(B, { condition: 'finished', holds: true }), watched: true }]);
  });

  test('what is linked becomes watched', async () => {
    const { dependants } = (await open()).process();
    await dependants.link([A, C], waiting(B));
    await dependants.watch(A, waiting(B));
    expect((await dependants.page(a, 10)).dependants).toEqual([{ ...waiting(B), watched: true }]);
    expect((await dependants.page({ tenantId: 'acme', name: C }, 10)).dependants).toEqual([waiting(B)]);
  });

  test('a tenant finds its own dependants alone', async () => {
    const { dependants } = (await open()).process();
    await dependants.watch(A, waiting(B, { tenantId: 'globex' }));
    expect(await dependants.having([a])).toEqual([]);
    expect(await dependants.page(a, 10)).toEqual({ dependants: [] });
    expect(await dependants.having([{ tenantId: 'globex', name: A }])).toHaveLength(1);
  });

  test('pages are in the order of ids, and each goes on behind the one before', async () => {
    const { dependants } = (await open()).process();
    for (const name of [C, B]) await dependants.watch(A, waiting(name));
    const first = await dependants.page(a, 1);
    expect(first).toMatchObject({ dependants: [{ name: B }], next: B });
    expect((await dependants.page(a, 10, B)).dependants.map(({ name }) => name)).toEqual([C]);
  });

  test('a group waits and is waited for like a job, and beside it another tenant has another group of that name', async () => {
    const { dependants } = (await open()).process();
    const group = { tenantId: 'acme', name: 'group:import-7' };
    await dependants.watch(A, waiting('group:import-7', { condition: 'finished' }));
    await dependants.link([group.name], waiting(B));
    expect(await dependants.page(a, 10)).toMatchObject({
      dependants: [{ name: 'group:import-7', watched: true }],
    });
    expect(await dependants.having([group, { ...group, tenantId: 'globex' }])).toEqual([group]);
    expect(await dependants.page(group, 10)).toEqual({ dependants: [waiting(B)] });
  });
});
