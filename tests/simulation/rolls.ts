/** Rolls at the level of their port, and what must hold of them. */

import { hasRoster, type Roll, type RollName } from '../../domain/due/roll.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { type RollStore, rollKey } from '../../io/table/due/rolls.ts';
import type { VirtualDueIndex } from './due.ts';
import { type Run, reach } from './faults.ts';
import type { Table } from './table.ts';
import type { Process } from './world.ts';

export interface VirtualRolls {
  portFor(process: Process): RollStore;
  nextDueMs(): number;
  /** R12: at each new record that is due by a roll. */
  checkRecorded(process: Process, job: JobRecord): void;
}

export function virtualRolls(
  run: Run,
  index: VirtualDueIndex,
  { isOnRoll, job, rosters }: Pick<Table, 'isOnRoll' | 'job' | 'rosters'>,
): VirtualRolls {
  // A crashed intake leaves a roll of jobs that it did not record. Another one may record them later, on a roll of its own.
  const relies = (jobId: string, { createdAt }: RollName) =>
    isOnRoll(jobId) && job(jobId)?.createdAt === createdAt;
  const rolls = new Map<string, Roll>();
  const has = ({ jobId, createdAt }: JobRecord) =>
    [...rolls.values()].some((roll) => roll.createdAt === createdAt && roll.jobIds.includes(jobId));
  const set = (roll: Roll) => {
    const name = nameOf(roll);
    rolls.set(name, roll);
    note(name, roll);
  };
  const note = (name: string, { tenantId, createdAt, jobIds }: RollName) =>
    index.note(
      { kind: 'roll', roll: { tenantId, createdAt, jobIds } },
      {
        tenantId,
        dueAt: () => rolls.get(name)?.dueAt,
        postpone(dueAt) {
          const now = rolls.get(name);
          if (now !== undefined) rolls.set(name, { ...now, dueAt });
        },
      },
    );
  return {
    portFor: (process) => ({
      put: (roll) =>
        reach(run, process, { site: 'rolls.put' }, () => {
          if (!rolls.has(nameOf(roll))) set(roll);
          run.count('jobs on a roll');
          if (!hasRoster(roll)) return;
          rosters.put(roll);
          run.count('jobs on a roster');
        }),
      postpone: (name, dueAt) =>
        reach(run, process, { site: 'rolls.postpone' }, () => {
          const roll = rolls.get(nameOf(name));
          if (roll !== undefined) set({ ...roll, dueAt });
          run.count('roll kept for jobs that are absent');
        }),
      removeAll: async (names) => {
        if (names.length === 0) return;
        await reach(run, process, { site: 'rolls.removeAll' }, () => {
          for (const name of names) {
            const stranded = name.jobIds.find((jobId) => relies(jobId, name));
            if (stranded !== undefined && rolls.has(nameOf(name)))
              run.violate('R12', `${process.name} removes the roll of a job that relies on it`, stranded);
            rolls.delete(nameOf(name));
            note(nameOf(name), name);
          }
        });
      },
    }),
    nextDueMs: () => Math.min(Number.MAX_SAFE_INTEGER, ...[...rolls.values()].map(({ dueAt }) => dueAt)),
    checkRecorded(process, recorded) {
      if (!has(recorded))
        run.violate('R12', `${process.name} records a job whose roll is not there`, recorded.jobId);
    },
  };
}

function nameOf(roll: RollName): string {
  const { pk, sk } = rollKey(roll);
  return `${pk} ${sk}`;
}
