/** Schedules at the level of their port: one item each, with the same conditions as in the table. */
import { Schedule, type ScheduleName } from '../../domain/schedule/schedule.ts';
import type { ScheduleStore } from '../../io/table/schedules.ts';
import type { VirtualDueIndex } from './due.ts';
import { type Run, reach, read } from './faults.ts';
import { check } from './unreadable.ts';
import type { Process } from './world.ts';

export type OnDecided = (process: Process, before: Schedule | undefined, after: Schedule) => void;

export interface VirtualSchedules {
  all(): readonly Schedule[];
  nextDueMs(): number;
  portFor(process: Process): ScheduleStore;
}

const nameOf = ({ tenantId, scheduleId }: ScheduleName) => `${tenantId} ${scheduleId}`;

export function virtualSchedules(run: Run, index: VirtualDueIndex, onWrite: OnDecided): VirtualSchedules {
  const items = new Map<string, { readonly schedule: Schedule; readonly by: string }>();
  let tokens = 0;

  const commit = (process: Process, next: Schedule, by: string) => {
    const name = nameOf(next);
    const before = items.get(name)?.schedule;
    // As from the real table: what the schema lets through, without what is undefined.
    const after = Schedule.parse(JSON.parse(JSON.stringify(next)));
    items.set(name, { schedule: after, by });
    const { tenantId, scheduleId } = after;
    index.note(
      { kind: 'schedule', schedule: { tenantId, scheduleId } },
      {
        tenantId,
        dueAt: () => items.get(name)?.schedule.dueAt,
        postpone(dueAt) {
          const held = items.get(name);
          if (held !== undefined) items.set(name, { ...held, schedule: { ...held.schedule, dueAt } });
        },
      },
    );
    run.note(process.name, () => `SCHEDULE ${name} v${after.version} ${JSON.stringify(after)}`);
    onWrite(process, before, after);
  };

  return {
    all: () => [...items.values()].map(({ schedule }) => schedule),
    nextDueMs: () =>
      Math.min(...[...items.values()].map(({ schedule }) => schedule.dueAt ?? Number.MAX_SAFE_INTEGER)),

    portFor: (process) => ({
      get: async (name) => {
        const found = await read(run, process, undefined, () => items.get(nameOf(name))?.schedule);
        check(run, name.tenantId);
        return found;
      },
      list: (tenantId) =>
        reach(run, process, { site: 'schedules.list' }, () =>
          [...items.values()]
            .map(({ schedule }) => schedule)
            .filter((each) => each.tenantId === tenantId && each.deletedAt === undefined)
            .toSorted((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1)),
        ),
      create: (schedule) => {
        const by = `${process.name}/${++tokens}`;
        return reach(run, process, { site: 'schedules.create' }, () => {
          const held = items.get(nameOf(schedule));
          if (held !== undefined) return held.by === by ? 'written' : 'lost';
          commit(process, schedule, by);
          return 'written';
        });
      },
      replace: (seen, next) => {
        const by = `${process.name}/${++tokens}`;
        return reach(run, process, { site: 'schedules.replace' }, () => {
          const held = items.get(nameOf(seen));
          if (held?.schedule.version !== seen.version) return held?.by === by ? 'written' : 'lost';
          commit(process, next, by);
          return 'written';
        });
      },
    }),
  };
}
