/** Rules of operations: what is done before the record says so, and who goes on when a process has died. */
import type { Expectation } from './defects.ts';

export const ofOperations: readonly Expectation[] = [
  {
    rule: '2.16',
    without: 'reconcile for operations',
    profile: 'chaos',
    firstSeed: 40,
    mutant: {
      defects: { tick: ({ operations }) => ({ operations: { ...operations, get: async () => undefined } }) },
    },
  },
  {
    rule: '2.16',
    without: 'the acts of a slice before its cursor',
    profile: 'race',
    firstSeed: 3,
    mutant: {
      defects: {
        submit: ({ jobs }) => ({ jobs: { ...jobs, create: async () => ({ kind: 'created' }) } }),
      },
    },
  },
  {
    rule: '2.16',
    without: 'the version that was read',
    profile: 'chaos',
    firstSeed: 276,
    mutant: {
      defects: {
        submit: ({ operations }) => ({
          operations: {
            ...operations,
            replace: async (seen, next) => {
              const now = await operations.get(seen.operationId);
              if (now === undefined) return 'lost';
              return operations.replace(now, { ...next, version: now.version + 1 });
            },
          },
        }),
      },
    },
  },
];
