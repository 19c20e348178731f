/** Rules of arrays: what is there before the group is, who decides about an item, and who goes on when a process has died. */
import { isArrayId } from '../../../domain/group/array.ts';
import type { Group } from '../../../domain/group/group.ts';
import type { GroupStore } from '../../../io/table/group/groups.ts';
import type { Defect } from '../lambdas.ts';
import type { Expectation } from './defects.ts';

const inGroups =
  (change: (groups: GroupStore) => Partial<GroupStore>): Defect =>
  ({ groups }) => ({ groups: { ...groups, ...change(groups) } });

const isBeingMade = ({ array }: Group): boolean => array !== undefined && array.isMade !== true;

/** The message that follows the mark of a slice is not sent. */
const stopsAfterSlice: Defect = ({ groups, submitQueue }) => {
  let left = 0;
  return {
    groups: {
      ...groups,
      replace: async (seen, next) => {
        const written = await groups.replace(seen, next);
        if (written === 'written' && isBeingMade(next)) left++;
        return written;
      },
    },
    submitQueue: {
      send: async (messages) => {
        const [first] = messages;
        if (left > 0 && first !== undefined && JSON.parse(first.body).group !== undefined) left--;
        else await submitQueue.send(messages);
      },
    },
  };
};

/** The place is noted as another one each time. */
const countsTwice: Defect = (sound, process) => {
  let notes = 0;
  return inGroups((groups) => ({
    noteFailed: (name, item) => groups.noteFailed(name, { ...item, index: item.index + 100 * ++notes }),
  }))(sound, process);
};

export const ofArrays: readonly Expectation[] = [
  {
    rule: 'A1',
    without: 'the items before the group',
    profile: 'chaos',
    firstSeed: 3,
    mutant: {
      defects: {
        intake: ({ arrayItems }) => ({ arrayItems: { ...arrayItems, put: async () => undefined } }),
      },
    },
  },
  {
    rule: 'A1',
    without: 'the record of each item before the mark',
    profile: 'race',
    firstSeed: 3,
    mutant: {
      defects: {
        submit: ({ jobs }) => ({
          jobs: {
            ...jobs,
            create: async (job) =>
              job.idempotencyKey.startsWith('array:') ? { kind: 'created' } : jobs.create(job),
          },
        }),
      },
    },
  },
  {
    rule: 'A1',
    without: 'the message of the next slice',
    profile: 'race',
    firstSeed: 18,
    mutant: { defects: { submit: stopsAfterSlice } },
  },
  {
    rule: 'A1',
    without: 'reconcile for arrays',
    profile: 'chaos',
    firstSeed: 7,
    mutant: {
      defects: {
        tick: inGroups((groups) => ({
          get: async (name) => {
            const group = await groups.get(name);
            return group !== undefined && isBeingMade(group) ? undefined : group;
          },
        })),
      },
    },
  },
  {
    rule: 'A2',
    without: 'the row as the one that decides about an item',
    profile: 'race',
    firstSeed: 168,
    mutant: {
      defects: {
        submit: ({ groups, clock }) => ({
          groups: {
            ...groups,
            decide: async (name, jobId, membership) => {
              // A slow process: the rule is about who decides.
              if (membership === 'in') await clock.waitUntil(clock.nowMs() + 20_000);
              await groups.decide(name, jobId, membership);
              return membership;
            },
          },
        }),
      },
    },
  },
  {
    rule: 'A2',
    without: 'the last slice of an array that was cancelled',
    profile: 'chaos',
    firstSeed: 486,
    mutant: {
      defects: {
        submit: inGroups((groups) => ({
          get: async (name) => {
            const group = await groups.get(name);
            if (group?.array === undefined || group.closedAt === undefined) return group;
            return { ...group, array: { ...group.array, isMade: true } };
          },
        })),
      },
    },
  },
  {
    rule: 'A3',
    without: 'the mark of a cancel that came before its array',
    profile: 'race',
    firstSeed: 137,
    mutant: {
      defects: {
        intake: inGroups((groups) => ({
          get: async (name) => {
            const group = await groups.get(name);
            if (group === undefined || group.array !== undefined || !isArrayId(name.groupId)) return group;
            const { cancelledAt: _, ...rest } = group;
            return rest;
          },
        })),
      },
    },
  },
  {
    rule: 'A4',
    without: 'the note of each item that fails',
    profile: 'race',
    firstSeed: 3,
    mutant: {
      defects: {
        submit: inGroups(() => ({ noteFailed: async () => false })),
        track: inGroups(() => ({ noteFailed: async () => false })),
      },
    },
  },
  {
    rule: 'A4',
    without: 'one note for an item, however often its end is told',
    profile: 'race',
    firstSeed: 608,
    mutant: { defects: { submit: countsTwice, track: countsTwice, tick: countsTwice } },
  },
  {
    rule: 'A5',
    without: 'the places of the lines that were counted',
    profile: 'race',
    firstSeed: 7,
    mutant: {
      defects: {
        submit: ({ itemObjects }) => ({
          itemObjects: { ...itemObjects, lines: (uri, lines) => itemObjects.lines(uri, lines, 0) },
        }),
      },
    },
  },
  {
    rule: 'A6',
    without: 'the manifest before the end',
    profile: 'chaos',
    firstSeed: 3,
    mutant: {
      defects: { submit: () => ({ manifests: { putOnce: async () => undefined } }) },
    },
  },
  {
    rule: 'A6',
    without: 'the redrives that the walk has seen',
    profile: 'race',
    firstSeed: 3,
    mutant: {
      defects: {
        submit: ({ manifests }) => ({
          manifests: {
            putOnce: (key, content, type) =>
              manifests.putOnce(key.replace(/-\d+\.jsonl$/, '-0.jsonl'), content, type),
          },
        }),
      },
    },
  },
  {
    rule: 'A7',
    without: 'the key and the cap that an array with a limit gives its jobs',
    profile: 'race',
    firstSeed: 7,
    mutant: {
      defects: {
        submit: ({ jobs }) => ({
          jobs: {
            ...jobs,
            create: async (job) => {
              const { concurrencyKey: _, keyCap: __, ...free } = job;
              return jobs.create(job.idempotencyKey.startsWith('array:') ? free : job);
            },
          },
        }),
      },
    },
  },
];
