/**
 * Dependencies: one row for each job and each job on which it depends. A row belongs to the waiting job and is removed
 * when that job no longer needs the answer. Until then it also keeps the job that it names, so no end of a job is lost
 * before all dependents have read it.
 */
import type { Store } from '../store.ts';
import { childRange } from './jobs.ts';

export type Waits = ReturnType<typeof createWaits>;

export function createWaits(store: Store) {
  return {
    add(dependent: string, dependency: string): void {
      store
        .statement('INSERT OR IGNORE INTO batch_waits (dependent, dependency) VALUES (?, ?)')
        .run(dependent, dependency);
    },
    dependencies(dependent: string): string[] {
      const rows = store.statement('SELECT dependency FROM batch_waits WHERE dependent = ?').all(dependent);
      return rows.map((row) => String(row['dependency']));
    },
    /** The jobs that wait for this one or, when it is an array, for one of its children. */
    dependents(dependency: string): string[] {
      const rows = store
        .statement(
          `SELECT dependent FROM batch_waits
           WHERE dependency = ? OR (dependency > ? AND dependency < ?)`,
        )
        .all(dependency, ...childRange(dependency));
      return rows.map((row) => String(row['dependent']));
    },
    dropOf(dependent: string): void {
      store.statement('DELETE FROM batch_waits WHERE dependent = ?').run(dependent);
    },
  };
}
