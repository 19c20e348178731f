/** Reconcile while one tenant has a million due jobs: no other tenant waits for it. */
import { describe, expect, test } from '@jest/globals';
import { tick } from '../../../application/repair/tick.ts';
import { changed, type JobRecord } from '../../../domain/job/job.ts';
import { groupOf } from '../../../io/table/due/turns.ts';
import type { Due, DueIndex, DueStart } from '../../../io/table/due.ts';
import { jobIn, NOW } from '../../support/jobs.ts';
import { useCases } from '../../support/use-cases.ts';

const DIGITS = 'abcdefghijklmnopqrstuvwxyz234567';
const jobIdNo = (n: number): string =>
  `job_${[5, 4, 3, 2, 1, 0]
    .map((place) => DIGITS[Math.floor(n / 32 ** place) % 32])
    .join('')
    .padStart(26, 'b')}`;
const MINUTE_MS = 60_000;
const FLOOD = 1_000_000;
const SHARDS = ['0', '1', '2', '3', '4', '5', '6', '7'];
const PAGE = 100;
/** A query takes 20 ms, and four are under way at once; the work on a hundred jobs takes 200 ms. */
const QUERY_MS = 5;
const BATCH_MS = 200;

interface Row {
  readonly tenantId: string;
  readonly n: number;
  readonly dueAt: number;
}
/** So many rows of one shard, tenant and minute, made when they are looked at. */
interface Group {
  readonly name: string;
  readonly size: number;
  row(i: number): Row;
}

/** @param minutes over which the flood's jobs became due, each in the same number */
function flooded(minutes: number, quiet: readonly JobRecord[]) {
  const each = FLOOD / minutes / SHARDS.length;
  const rowOf = (shard: number, minute: number, i: number): Row => ({
    tenantId: 'flood',
    n: ((minute * SHARDS.length + shard) * each + i) * 2,
    dueAt: NOW - (minute + 1) * MINUTE_MS + Math.floor((i / each) * MINUTE_MS),
  });
  const byShard = SHARDS.map((_, shard) => {
    const floods = Array.from({ length: minutes }, (_, minute): Group => {
      const { dueAt } = rowOf(shard, minute, 0);
      const name = groupOf({ kind: 'job', tenantId: 'flood', dueAt });
      return { name, size: each, row: (i) => rowOf(shard, minute, i) };
    });
    const others = quiet.flatMap(({ tenantId, dueAt = 0 }, i): Group[] => {
      if (i % SHARDS.length !== shard) return [];
      const name = groupOf({ kind: 'job', tenantId, dueAt });
      return [{ name, size: 1, row: () => ({ tenantId, n: i * 2 + 1, dueAt }) }];
    });
    return [...floods, ...others].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  });
  return byShard;
}

function worldOf(minutes: number, quiet: readonly JobRecord[]) {
  const { ports, time, sent } = useCases({});
  const byShard = flooded(minutes, quiet);
  const written = new Map<string, JobRecord>();
  const rowsById = new Map<string, Row>();
  const repairedAtMs = new Map<string, number>();
  let queries = 0;
  const idOf = ({ n }: Row) => jobIdNo(n);

  const due: DueIndex = {
    ...ports.due,
    shards: SHARDS,
    async due(shard: string, _byMs: number, from?: DueStart) {
      time.nowMs += QUERY_MS;
      queries++;
      const groups = byShard[Number(shard)] ?? [];
      let at =
        from?.kind === 'after'
          ? Number(from.position['at'])
          : groups.findIndex(({ name }) => from === undefined || name > from.group);
      let i = from?.kind === 'after' ? Number(from.position['i']) : 0;
      const found: Due[] = [];
      for (; at >= 0 && at < groups.length && found.length < PAGE; ) {
        const group = groups[at];
        if (group === undefined || i >= group.size) {
          at++;
          i = 0;
          continue;
        }
        const row = group.row(i++);
        const jobId = idOf(row);
        if (written.has(jobId)) continue;
        rowsById.set(jobId, row);
        const { tenantId, dueAt } = row;
        found.push({ kind: 'job', jobId, tenantId, dueAt, isSetAside: false, group: group.name });
      }
      return { due: found, ...(found.length < PAGE ? {} : { next: { at, i } }) };
    },
  };
  const recordOf = (jobId: string): JobRecord | undefined => {
    const row = rowsById.get(jobId);
    if (row === undefined) return undefined;
    const known = written.get(jobId) ?? (row.tenantId === 'flood' ? undefined : quiet[(row.n - 1) / 2]);
    return known ?? jobIn('waiting', { jobId, tenantId: row.tenantId, dueAt: row.dueAt, runId: undefined });
  };
  const jobs = {
    ...ports.jobs,
    async load(jobIds: readonly string[]) {
      time.nowMs += BATCH_MS;
      return new Map(
        jobIds.flatMap((jobId) => (recordOf(jobId) ? [[jobId, recordOf(jobId)!] as const] : [])),
      );
    },
    get: async (jobId: string) => recordOf(jobId),
    async replace(seen: JobRecord, next: JobRecord) {
      written.set(seen.jobId, next);
      if (!repairedAtMs.has(seen.jobId)) repairedAtMs.set(seen.jobId, time.nowMs);
      return 'written' as const;
    },
  };
  const run = tick({ ...ports, due, jobs });
  return {
    sent,
    queries: () => queries,
    async runs(count: number) {
      const startMs = time.nowMs;
      const sentInRun: number[] = [];
      for (let i = 0; i < count; i++) {
        time.nowMs = startMs + i * MINUTE_MS;
        const before = sent.submit.taken.length;
        await run();
        sentInRun.push(sent.submit.taken.length - before);
      }
      return sentInRun;
    },
    waitedMs: (job: JobRecord) =>
      (repairedAtMs.get(job.jobId) ?? Number.POSITIVE_INFINITY) - (job.dueAt ?? 0),
  };
}

/** Of each tenant one job whose message is lost, one whose next attempt is to begin, and one that expires. */
function quietJobs(tenants: number): JobRecord[] {
  const states = ['waiting', 'retrying', 'waiting'] as const;
  return Array.from({ length: tenants * 3 }, (_, i) => {
    const dueAt = NOW - 1000 - (i % 17) * 100;
    const job = jobIn(states[i % 3] ?? 'waiting', {
      jobId: jobIdNo(i * 2 + 1),
      tenantId: `quiet-${Math.floor(i / 3)}`,
      runId: undefined,
      ...(i % 3 === 2 ? { startBy: dueAt } : {}),
    });
    return changed(job, { dueAt }, NOW);
  });
}

describe('a million due jobs of one tenant', () => {
  test.each([
    [1, 200],
    [20, 200],
    [125, 700],
  ])(
    'that became due over %i minutes keep none of %i other tenants waiting for two minutes (F92)',
    async (minutes, tenants) => {
      const quiet = quietJobs(tenants);
      const world = worldOf(minutes, quiet);
      const sentInRun = await world.runs(2);
      const worstMs = Math.max(...quiet.map(world.waitedMs));
      expect(worstMs).toBeLessThan(2 * MINUTE_MS);
      // What submit can take in a minute, and no more than the rest of a batch beyond it.
      expect(Math.max(...sentInRun)).toBeLessThanOrEqual(2400 + 100);
      expect(sentInRun[1]).toBeGreaterThanOrEqual(2400);
    },
  );
});
