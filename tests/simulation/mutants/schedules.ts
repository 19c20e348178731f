/** Rules of schedules: what is sent before what is written, and what a change may do. */
import type { Outgoing } from '../../../io/aws/queues.ts';
import type { Defect } from '../lambdas.ts';
import type { Expectation } from './defects.ts';

const later: Defect = ({ frontQueue, schedules }) => {
  const held: Outgoing[] = [];
  return {
    frontQueue: { send: async (messages) => void held.push(...messages) },
    schedules: {
      ...schedules,
      replace: async (seen, next) => {
        const written = await schedules.replace(seen, next);
        await frontQueue.send(held.splice(0));
        return written;
      },
    },
  };
};

/** The job of the occurrence before is not seen. */
const blind: Defect = ({ jobs }) => ({ jobs: { ...jobs, get: async () => undefined } });

export const ofSchedules: readonly Expectation[] = [
  {
    rule: 'F1',
    without: 'reconcile for schedules',
    profile: 'chaos',
    firstSeed: 16,
    mutant: {
      defects: { tick: ({ schedules }) => ({ schedules: { ...schedules, get: async () => undefined } }) },
    },
  },
  {
    rule: 'F1',
    without: 'the job of the occurrence before, for skip and replace',
    profile: 'chaos',
    firstSeed: 415,
    mutant: { defects: { tick: blind } },
  },
  {
    rule: 'F1',
    without: 'making up for what was missed',
    profile: 'chaos',
    firstSeed: 143,
    mutant: {
      defects: {
        tick: ({ schedules }) => ({
          schedules: {
            ...schedules,
            get: async (name) => {
              const found = await schedules.get(name);
              return found && { ...found, catchUp: 'none' as const };
            },
            replace: async (seen, next) => {
              const stored = await schedules.get(seen);
              const catchUp = stored?.catchUp ?? seen.catchUp;
              return schedules.replace({ ...seen, catchUp }, { ...next, catchUp });
            },
          },
        }),
      },
    },
  },
  {
    rule: 'F2',
    without: 'the message before the write',
    profile: 'chaos',
    firstSeed: 98,
    mutant: { defects: { tick: later } },
  },
  {
    rule: 'F2',
    without: 'one key for an occurrence',
    profile: 'chaos',
    firstSeed: 16,
    mutant: {
      defects: {
        tick: ({ frontQueue, random }) => ({
          frontQueue: {
            send: (messages) =>
              frontQueue.send(
                messages.map((message) => ({
                  ...message,
                  body: message.body.replace('"schedule:', `"schedule:${random.token()}:`),
                })),
              ),
          },
        }),
      },
    },
  },
  {
    rule: 'F3',
    without: 'the version that was read',
    profile: 'chaos',
    firstSeed: 474,
    mutant: {
      defects: {
        tick: ({ schedules }) => ({
          schedules: {
            ...schedules,
            replace: async (seen, next) => {
              const now = await schedules.get(seen);
              if (now === undefined) return 'lost';
              return schedules.replace(now, { ...next, version: now.version + 1 });
            },
          },
        }),
      },
    },
  },
  {
    rule: 'F3',
    without: 'a dueAt at the next occurrence',
    profile: 'chaos',
    firstSeed: 41,
    mutant: {
      defects: {
        tick: ({ schedules }) => ({
          schedules: {
            ...schedules,
            replace: (seen, { dueAt: _, ...next }) => schedules.replace(seen, next),
          },
        }),
      },
    },
  },
  {
    rule: 'F4',
    without: 'what is due, sent before a change',
    profile: 'chaos',
    firstSeed: 329,
    mutant: {
      defects: {
        owner: ({ schedules }) => ({
          schedules: {
            ...schedules,
            get: async (name) => {
              const found = await schedules.get(name);
              return found && { ...found, nextAt: undefined };
            },
          },
        }),
      },
    },
  },
  {
    rule: 'F4',
    without: 'the memory of a deleted schedule',
    profile: 'chaos',
    firstSeed: 787,
    mutant: {
      defects: {
        owner: ({ schedules }) => ({
          schedules: {
            ...schedules,
            replace: (seen, next) =>
              schedules.replace(
                seen,
                seen.deletedAt === undefined ? next : { ...next, decidedUntil: next.createdAt },
              ),
          },
        }),
      },
    },
  },
];
