/** The `due` index: eventually what the items say, and until then what they said. */
import { dueShard } from '../../domain/job/identity.ts';
import type { Due, DueIndex } from '../../io/table/due.ts';
import { type Run, reach } from './faults.ts';
import type { Process } from './world.ts';

export interface VirtualDueIndex {
  /** @param dueAt as the item says at the time the index catches up */
  note(due: Due, dueAt: () => number | undefined): void;
  nextMs(): number;
  portFor(process: Process): DueIndex;
}

const LAG_MS = 30_000;
/** Small, so that a handful of items fills several pages. */
const PAGE = 2;

export function virtualDueIndex(run: Run): VirtualDueIndex {
  const lag = run.world.dice('index');
  const rows = new Map<string, { due: Due; dueAt: number; shard: string }>();
  return {
    note(due, dueAt) {
      const name = nameOf(due);
      run.world.after(lag.between(0, run.odds(1) > 0 ? LAG_MS : 1000), () => {
        const atMs = dueAt();
        if (atMs === undefined) rows.delete(name);
        else rows.set(name, { due, dueAt: atMs, shard: rows.get(name)?.shard ?? dueShard(idOf(due)) });
      });
    },
    nextMs: () => Math.min(Number.MAX_SAFE_INTEGER, ...[...rows.values()].map(({ dueAt }) => dueAt)),
    portFor: (process) => ({
      due: async (shard, byMs, after) => {
        // What can go wrong with this read can go wrong with that of another shard, and most are empty.
        if (![...rows.values()].some((row) => row.shard === shard)) return { due: [] };
        return reach(run, process, { site: `due.${shard}` }, () => {
          const due = [...rows]
            .filter(([, row]) => row.shard === shard && row.dueAt <= byMs)
            .sort(([a, { dueAt: m }], [b, { dueAt: n }]) => m - n || (a < b ? -1 : 1))
            .map(([, row]) => row.due);
          const from = Number(after?.['from'] ?? 0);
          const next = due.length > from + PAGE ? { next: { from: from + PAGE } } : {};
          return { due: due.slice(from, from + PAGE), ...next };
        });
      },
    }),
  };
}

function nameOf(due: Due): string {
  if (due.kind === 'job') return due.jobId;
  if (due.kind === 'gate') return due.tenantId;
  const { tenantId, endpointId, at, webhookId } = due.delivery;
  return `${tenantId} ${endpointId} ${at} ${webhookId}`;
}

/** What the item's shard is made of. */
function idOf(due: Due): string {
  return due.kind === 'delivery' ? due.delivery.webhookId : nameOf(due);
}
