/** Rolls at the level of their port, and what must hold of them. */

import type { Roll, RollName } from '../../domain/due/roll.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { type RollStore, rollKey } from '../../io/table/due/rolls.ts';
import type { VirtualDueIndex } from './due.ts';
import { type Run, reach } from './faults.ts';
import type { Process } from './world.ts';

export interface VirtualRolls {
  portFor(process: Process): RollStore;
  nextDueMs(): number;
  /** R12: at each new record that is due by a roll. */
  checkRecorded(process: Process, job: JobRecord): void;
}

/** @param relies whether the job is due by this roll, and not by itself or by a roll of another moment */
export function virtualRolls(
  run: Run,
  index: VirtualDueIndex,
  relies: (jobId: string, roll: RollName) => boolean,
): VirtualRolls {
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
    checkRecorded(process, job) {
      if (!has(job)) run.violate('R12', `${process.name} records a job whose roll is not there`, job.jobId);
    },
  };
}

function nameOf(roll: RollName): string {
  const { pk, sk } = rollKey(roll);
  return `${pk} ${sk}`;
}
