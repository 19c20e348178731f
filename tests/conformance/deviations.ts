/** Where a backend is known not to keep the contract. The other backends are held to it all the same. */
import type { TargetName } from './contract.ts';

interface Deviation {
  readonly target: TargetName;
  /** The title of the test. */
  readonly test: string;
  readonly why: string;
  /** Now and then it does keep it, so there is nothing to learn from trying. */
  readonly sometimes?: true;
}

const unlocked = 'moto serves calls on threads without a lock, so two writes may pass one condition';
const statements =
  "moto's PartiQL cannot carry out writes; tests/outside/moto_gaps.py refuses each, and it is made by a call of its own";

export const deviations: readonly Deviation[] = [
  {
    target: 'moto',
    test: 'of many who record one job at once, one has recorded it',
    why: unlocked,
    sometimes: true,
  },
  {
    target: 'moto',
    test: 'of many who change one record at once, one has changed it',
    why: unlocked,
    sometimes: true,
  },
  { target: 'moto', test: 'of many at once lets one of them in (F41)', why: unlocked, sometimes: true },
  ...[
    'what is asked for together is one call, and each write knows whether its own condition held',
    'no call has more than 25 writes, and those asked for while one is under way wait for the next',
    'a statement that was throttled inside a success is written by itself (F40)',
  ].map((test) => ({ target: 'moto' as const, test, why: statements })),
  {
    target: 'simulator',
    test: 'the tenant of a message is known to the queue, so that it can be fair',
    why: 'its queues mix all messages anyway',
  },
  {
    target: 'simulator',
    test: 'one that is larger is refused, and the sender is told',
    why: 'its messages have no weight',
  },
];
