/** The output of the tries of jobs, by log stream. It is removed when its job is forgotten. */
import type { Store } from '../store.ts';

export type Outputs = ReturnType<typeof createOutputs>;

export function createOutputs(store: Store) {
  return {
    keep(stream: string, jobId: string, output: string): void {
      store
        .statement('INSERT OR REPLACE INTO batch_logs (stream, job, output) VALUES (?, ?, ?)')
        .run(stream, jobId, output);
    },
    /** @returns '' when there is nothing */
    read(stream: string): string {
      const row = store.statement('SELECT output FROM batch_logs WHERE stream = ?').get(stream);
      return String(row?.['output'] ?? '');
    },
  };
}
