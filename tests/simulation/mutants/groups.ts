/** Rules of groups: who is a member, when all have come, when a round is over, and who is told. */
import { groupNamed } from '../../../domain/dependency/dependency.ts';
import type { Found } from '../../../domain/dependency/verdict.ts';
import type { Group, GroupName } from '../../../domain/group/group.ts';
import type { Outgoing } from '../../../io/aws/queues.ts';
import type { GroupStore } from '../../../io/table/group/groups.ts';
import type { Defect, Parts } from '../lambdas.ts';
import { type Expectation, forgettingRedrives } from './defects.ts';

const inGroups =
  (change: (groups: GroupStore, sound: Parts) => Partial<GroupStore>): Defect =>
  (sound) => ({ groups: { ...sound.groups, ...change(sound.groups, sound) } });

/** Its answers are those of before the row. */
const readsFirst: Defect = inGroups((groups, { clock }) => {
  const early = new Map<string, Promise<Group | undefined>>();
  return {
    ask: async (name, member) => {
      early.set(name.groupId, groups.get(name));
      await early.get(name.groupId);
      // A slow process: the rule is about the order alone.
      await clock.waitUntil(clock.nowMs() + 20_000);
      return groups.ask(name, member);
    },
    get: async (name) => (await early.get(name.groupId)) ?? groups.get(name),
  };
});

/** The read after the row is decided answers what the read before it did. */
const readsOnce: Defect = inGroups((groups, { clock }) => {
  const seen = new Map<string, Group | undefined>();
  return {
    get: async ({ tenantId, groupId }: GroupName) => {
      if (!seen.has(groupId)) {
        seen.set(groupId, await groups.get({ tenantId, groupId }));
        await clock.waitUntil(clock.nowMs() + 20_000);
      }
      return seen.get(groupId);
    },
  };
});

/** The look after the watch answers what the look before it did. */
const believing: Defect = ({ jobs, dependants, clock }) => {
  const seen = new Map<string, Promise<Found>>();
  const watched = new Set<string>();
  return {
    jobs: {
      ...jobs,
      stored: (jobId) => {
        const now = (watched.has(jobId) ? seen.get(jobId) : undefined) ?? jobs.stored(jobId);
        seen.set(jobId, now);
        return now;
      },
    },
    dependants: {
      ...dependants,
      watch: async (name, dependant) => {
        if (groupNamed(dependant.name) === undefined) return dependants.watch(name, dependant);
        watched.add(name);
        await clock.waitUntil(clock.nowMs() + 20_000);
        return dependants.watch(name, dependant);
      },
    },
  };
};

const isForGroup = ({ body }: Outgoing): boolean => 'group' in JSON.parse(body);
const asksNoGroup: Defect = ({ submitQueue }) => ({
  submitQueue: { send: (messages) => submitQueue.send(messages.filter((message) => !isForGroup(message))) },
});

export const ofGroups: readonly Expectation[] = [
  {
    rule: 'G1',
    without: 'the row as the one that decides who is a member',
    profile: 'race',
    firstSeed: 350,
    mutant: {
      defects: {
        intake: inGroups((groups) => ({
          decide: async (name, jobId, membership) => {
            await groups.decide(name, jobId, membership);
            return membership;
          },
        })),
      },
    },
  },
  {
    rule: 'G1',
    without: 'leaving the row before the group is read',
    profile: 'race',
    firstSeed: 216,
    mutant: { defects: { intake: readsFirst } },
  },
  {
    rule: 'G1',
    without: 'deciding rows that are open when the group is closed',
    profile: 'race',
    firstSeed: 3,
    mutant: { defects: { submit: inGroups(() => ({ decide: async () => 'out' })) } },
  },
  {
    rule: 'G2',
    without: 'the message of each member of a sealed group',
    profile: 'race',
    firstSeed: 3,
    mutant: { defects: { intake: asksNoGroup } },
  },
  {
    rule: 'G2',
    without: 'the read of the seal after the row is decided',
    profile: 'race',
    firstSeed: 791,
    mutant: { defects: { intake: readsOnce } },
  },
  {
    rule: 'G2',
    without: 'counting members before the group is closed',
    profile: 'race',
    firstSeed: 32,
    mutant: { defects: { submit: inGroups(() => ({ count: async () => Number.MAX_SAFE_INTEGER })) } },
  },
  {
    rule: 'G3',
    without: 'the watch of a member that has not ended',
    profile: 'race',
    firstSeed: 3,
    mutant: {
      defects: {
        submit: ({ dependants }) => ({
          dependants: {
            ...dependants,
            watch: async (name, dependant) =>
              groupNamed(dependant.name) === undefined ? dependants.watch(name, dependant) : undefined,
          },
        }),
      },
    },
  },
  {
    rule: 'G3',
    without: 'the look after the watch',
    profile: 'race',
    firstSeed: 18,
    mutant: { defects: { submit: believing } },
  },
  {
    rule: 'G3',
    without: 'telling those that wait for the group',
    profile: 'race',
    firstSeed: 18,
    mutant: {
      defects: {
        submit: ({ dependants }) => ({
          dependants: {
            ...dependants,
            having: (subjects) =>
              dependants.having(subjects.filter(({ name }) => groupNamed(name) === undefined)),
          },
        }),
      },
    },
  },
  {
    rule: 'G3',
    without: 'the event again until the round is settled',
    profile: 'chaos',
    firstSeed: 562,
    mutant: {
      defects: {
        tick: inGroups((groups) => ({
          get: async (name) => {
            const group = await groups.get(name);
            return group && group.unsettled.length > 0 && group.walk === undefined ? undefined : group;
          },
        })),
      },
    },
  },
  {
    rule: 'G4',
    without: 'the mark of a redrive on the group',
    profile: 'race',
    firstSeed: 55,
    mutant: {
      defects: {
        intake: inGroups((groups) => ({
          replace: async (seen, next) => (next.again === true ? 'written' : groups.replace(seen, next)),
        })),
      },
    },
  },
  {
    rule: 'G4',
    without: 'following the redrives of a member',
    profile: 'race',
    firstSeed: 55,
    mutant: { defects: { submit: forgettingRedrives(({ group }) => group !== undefined) } },
  },
  {
    rule: 'G5',
    without: 'reconcile for groups',
    profile: 'chaos',
    firstSeed: 75,
    mutant: { defects: { tick: asksNoGroup } },
  },
  {
    rule: 'G5',
    without: 'the time of a group',
    profile: 'chaos',
    firstSeed: 93,
    mutant: {
      defects: {
        submit: inGroups((groups) => ({
          get: async (name) => {
            const group = await groups.get(name);
            return group?.timeoutAt === undefined ? group : { ...group, timeoutAt: Number.MAX_SAFE_INTEGER };
          },
        })),
      },
    },
  },
  {
    rule: 'D4',
    without: 'the look for a circle through a group',
    profile: 'race',
    firstSeed: 266,
    mutant: {
      defects: {
        submit: ({ groups }) => ({
          groups: {
            ...groups,
            // The walk reads fewer at once.
            members: async (name, limit, after) =>
              limit === 1000 ? { members: [] } : groups.members(name, limit, after),
          },
        }),
      },
    },
  },
];
