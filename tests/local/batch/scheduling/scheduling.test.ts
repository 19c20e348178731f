import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  chooseNext,
  type QueueView,
  type Room,
  type ShareView,
} from '../../../../local/batch/scheduling/choice.ts';

const share = (
  name: string,
  used: number,
  head: [jobId: string, vcpus: number, seq: number],
  weight = 1,
): ShareView => ({
  share: name,
  used,
  weight,
  head: { jobId: head[0], vcpus: head[1], seq: head[2], tries: 0, needs: [] },
});
const queue = (priority: number, environments: string[], ...shares: ShareView[]): QueueView => ({
  arn: `queue of priority ${priority}`,
  priority,
  environments,
  openVcpus: Number.POSITIVE_INFINITY,
  shares,
});
const rooms = (entries: Record<string, [free: number, max: number]>) =>
  new Map<string, Room>(
    Object.entries(entries).map(([arn, [freeVcpus, maxVcpus]]) => [arn, { freeVcpus, maxVcpus }]),
  );

describe('what runs next', () => {
  test.each<[string, QueueView[], Record<string, [number, number]>, string | undefined]>([
    ['nothing waits', [queue(1, ['e'])], { e: [4, 4] }, undefined],
    ['room for the head', [queue(1, ['e'], share('', 0, ['a', 1, 1]))], { e: [1, 4] }, 'a in e'],
    ['no room', [queue(1, ['e'], share('', 3, ['a', 2, 1]))], { e: [1, 4] }, undefined],
    [
      'the higher queue first',
      [queue(1, ['e'], share('', 0, ['low', 1, 1])), queue(9, ['e'], share('', 0, ['high', 1, 2]))],
      { e: [1, 4] },
      'high in e',
    ],
    [
      'the share that used less first',
      [queue(1, ['e'], share('a', 2, ['a', 1, 1]), share('b', 1, ['b', 1, 2]))],
      { e: [1, 4] },
      'b in e',
    ],
    [
      'the share of lower weight first, though it used more',
      [queue(1, ['e'], share('a', 1, ['a', 1, 1], 4), share('b', 3, ['b', 1, 2], 1))],
      { e: [1, 4] },
      'b in e',
    ],
    [
      'a reservation holds back its own queue and no other',
      [
        { ...queue(9, ['e'], share('a', 0, ['a', 1, 1])), openVcpus: 0.75 },
        queue(1, ['e'], share('', 0, ['low', 1, 2])),
      ],
      { e: [1, 4] },
      'low in e',
    ],
    [
      'what a reservation leaves is taken to the last',
      [{ ...queue(1, ['e'], share('a', 0, ['a', 1, 1])), openVcpus: 1 }],
      { e: [1, 4] },
      'a in e',
    ],
    [
      'the older head of two equal shares',
      [queue(1, ['e'], share('a', 1, ['a', 1, 2]), share('b', 1, ['b', 1, 1]))],
      { e: [1, 4] },
      'b in e',
    ],
    [
      'the next environment when the first is full',
      [queue(1, ['spot', 'demand'], share('', 0, ['a', 1, 1]))],
      { spot: [0, 4], demand: [4, 4] },
      'a in demand',
    ],
    [
      'a disabled environment is not there',
      [queue(1, ['off', 'on'], share('', 0, ['a', 1, 1]))],
      { on: [4, 4] },
      'a in on',
    ],
    [
      'a big job that waits for room is not overtaken from a lower queue',
      [queue(9, ['e'], share('', 0, ['big', 4, 1])), queue(1, ['e'], share('', 0, ['small', 1, 2]))],
      { e: [2, 4] },
      undefined,
    ],
    [
      'a job that no environment can hold blocks only its own queue',
      [queue(9, ['e'], share('', 0, ['huge', 8, 1])), queue(1, ['e'], share('', 0, ['small', 1, 2]))],
      { e: [2, 4] },
      'small in e',
    ],
  ])('%s', (_, queues, room, expected) => {
    const choice = chooseNext(queues, rooms(room));
    expect(choice && `${choice.share.head.jobId} in ${choice.environment}`).toBe(expected);
  });

  test('shares that always have jobs waiting use vCPU seconds as their weights say, to within a job', () => {
    const kind = fc.record({
      weight: fc.constantFrom(0.125, 0.5, 1, 3, 4),
      vcpuSeconds: fc.integer({ min: 1, max: 900 }),
    });
    fc.assert(
      fc.property(fc.array(kind, { minLength: 2, maxLength: 6 }), (kinds) => {
        const used = kinds.map(() => 0);
        for (let seq = 1; seq <= 300; seq += 1) {
          const views = kinds.map(({ weight }, i) =>
            share(`${i}`, used[i] ?? 0, [`${i}`, 1, seq + i], weight),
          );
          const chosen = Number(chooseNext([queue(1, ['e'], ...views)], rooms({ e: [1, 1] }))?.share.share);
          used[chosen] = (used[chosen] ?? 0) + (kinds[chosen]?.vcpuSeconds ?? NaN);
        }
        const weighted = kinds.map(({ weight }, i) => (used[i] ?? 0) * weight);
        const aJob = Math.max(...kinds.map(({ weight, vcpuSeconds }) => weight * vcpuSeconds));
        expect(Math.max(...weighted) - Math.min(...weighted)).toBeLessThanOrEqual(aJob);
      }),
    );
  });

  test('a job is only ever placed where it fits', () => {
    const vcpus = fc.constantFrom(0.25, 0.5, 1, 2, 4, 8);
    const shares = fc.array(
      fc
        .tuple(fc.string(), vcpus, fc.nat(), vcpus)
        .map(([id, needs, seq, used]) => share(id, used, [id, needs, seq])),
    );
    const environments = fc.shuffledSubarray(['x', 'y', 'z']);
    const queues = fc.array(
      fc
        .tuple(fc.nat(3), environments, shares)
        .map(([priority, where, all]) => queue(priority, where, ...all)),
    );
    const room = fc.record({ x: fc.tuple(vcpus, vcpus), y: fc.tuple(vcpus, vcpus) }, { requiredKeys: [] });
    fc.assert(
      fc.property(queues, room, (views, entries) => {
        const available = rooms(entries);
        const choice = chooseNext(views, available);
        if (!choice) return;
        expect(choice.queue.environments).toContain(choice.environment);
        expect(choice.queue.shares).toContain(choice.share);
        const free = available.get(choice.environment)?.freeVcpus ?? 0;
        expect(free).toBeGreaterThanOrEqual(choice.share.head.vcpus);
      }),
    );
  });
});
