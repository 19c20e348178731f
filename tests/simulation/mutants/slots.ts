/** Rules of the gates and the waiting lists. */
import { isFinal } from '../../../domain/job/job.ts';
import { decide } from '../../../domain/tenant/gate.ts';
import { type Holder, holderName, holderOf } from '../../../domain/tenant/holder.ts';
import type { WaitingRow } from '../../../domain/tenant/waiting.ts';
import type { Due } from '../../../io/table/due.ts';
import type { Defect } from '../lambdas.ts';
import { type Expectation, each, writing } from './defects.ts';

const leavingByJob: Defect = ({ gates }) => ({
  gates: {
    ...gates,
    release: async (tenantId, holders) => {
      const held = (await gates.load([tenantId])).get(tenantId)?.holders ?? [];
      const jobIds = new Set(holders.map(({ jobId }) => jobId));
      return gates.release(
        tenantId,
        held.filter(({ jobId }) => jobIds.has(jobId)),
      );
    },
  },
});

const enteringBlindly: Defect = ({ gates }) => ({
  gates: {
    ...gates,
    acquire: async (tenantId, seen, holders, nowMs) => {
      for (let gate = seen; ; gate = (await gates.load([tenantId])).get(tenantId))
        if ((await gates.acquire(tenantId, gate, holders, nowMs)) === 'written') return 'written';
    },
  },
});

const readingTheGateOnce: Defect = ({ gates }) => {
  const known = new Map<string, ReturnType<typeof gates.load>>();
  return {
    gates: {
      ...gates,
      load: (tenantIds) => {
        const read = known.get(tenantIds.join()) ?? gates.load(tenantIds);
        known.set(tenantIds.join(), read);
        return read;
      },
    },
  };
};

const LATE_MS = 3000;
const puttingRowsLate: Defect = ({ waiting, clock }) => ({
  waiting: {
    ...waiting,
    put: async (rows) => void clock.waitUntil(clock.nowMs() + LATE_MS).then(() => waiting.put(rows)),
  },
});

const leavingLate: Defect = ({ gates, clock }) => ({
  gates: {
    ...gates,
    release: async (tenantId, holders) =>
      void clock.waitUntil(clock.nowMs() + LATE_MS).then(() => gates.release(tenantId, holders)),
  },
});

const keepingWhoRetries: Defect = ({ gates, jobs }) => ({
  gates: {
    ...gates,
    release: async (tenantId, holders) => {
      const records = await jobs.load(holders.map(({ jobId }) => jobId));
      const stays = ({ jobId, attempt }: Holder) => {
        const job = records.get(jobId);
        return job?.state === 'retrying' && job.attempt === attempt;
      };
      return gates.release(
        tenantId,
        holders.filter((holder) => !stays(holder)),
      );
    },
  },
});

/** An empty gate it looks at, so that a world without leaks comes to rest. */
const sweepingEmptyGates: Defect = ({ due, gates }) => ({
  due: {
    ...due,
    due: async (...asked) => {
      const page = await due.due(...asked);
      const found = await gates.load(page.due.flatMap((item) => (item.kind === 'gate' ? item.tenantId : [])));
      const isLookedAt = (item: Due) =>
        item.kind !== 'gate' || found.get(item.tenantId)?.holders.length === 0;
      return { ...page, due: page.due.filter(isLookedAt) };
    },
  },
});

const sweepingWhoWaits: Defect = ({ gates, jobs }) => ({
  gates: {
    ...gates,
    load: async (tenantIds) => {
      const found = await gates.load(tenantIds);
      for (const { tenantId, holders } of found.values()) {
        const records = await jobs.load(holders.map(({ jobId }) => jobId));
        const waits = ({ jobId }: Holder) => records.get(jobId)?.state === 'waiting';
        await gates.release(tenantId, holders.filter(waits));
      }
      return found;
    },
  },
});

const forgettingAttempts: Defect = ({ waiting }) => {
  const first = (row: WaitingRow): WaitingRow => ({ ...row, attempt: 1 });
  return {
    waiting: {
      ...waiting,
      put: (rows) => waiting.put(rows.map(first)),
      remove: (rows) => waiting.remove(rows.map(first)),
    },
  };
};

const notWakingAtGates: Defect = ({ gates, waiting }) => ({
  gates,
  // Only the look at a gate reads lists in tick.
  waiting: { ...waiting, page: async () => ({ rows: [], unreadable: [] }) },
});

/** Of the rows that a look could let in, it finds the first. */
const wakingOne: Defect = ({ gates, waiting, defaultCap }) => {
  let left = 1;
  return {
    gates: {
      ...gates,
      release: (...asked) => {
        left = 1;
        return gates.release(...asked);
      },
    },
    waiting: {
      ...waiting,
      page: async (tenantId, ...asked) => {
        if (left === 0) return { rows: [], unreadable: [] };
        const page = await waiting.page(tenantId, ...asked);
        const gate = (await gates.load([tenantId])).get(tenantId);
        const first = page.rows.find((row) => decide(gate, defaultCap, [row])[0]?.kind === 'acquires');
        if (first === undefined) return page;
        left = 0;
        return { rows: [first], unreadable: [] };
      },
    },
  };
};

/** The row goes with the write that lets its attempt in. */
const removingFirst: Defect = ({ gates, waiting }) => {
  const known = new Map<string, WaitingRow>();
  return {
    waiting: {
      ...waiting,
      page: async (...asked) => {
        const page = await waiting.page(...asked);
        for (const row of page.rows) known.set(holderName(row), row);
        return page;
      },
    },
    gates: {
      ...gates,
      acquire: async (tenantId, seen, holders, nowMs) => {
        const outcome = await gates.acquire(tenantId, seen, holders, nowMs);
        const rows = holders.flatMap((holder) => known.get(holderName(holder)) ?? []);
        if (outcome === 'written' && rows.length > 0) await waiting.remove(rows);
        return outcome;
      },
    },
  };
};

export const ofSlots: readonly Expectation[] = [
  {
    rule: 'R1',
    without: 'the attempt in a holder: a release takes every attempt of its job along',
    profile: 'dup',
    firstSeed: 230,
    mutant: { defects: each(['submit', 'track'], leavingByJob) },
  },
  {
    rule: 'R3',
    without: 'releasing the slot of a job that was over when its message came',
    profile: 'race',
    firstSeed: 15,
    mutant: { defects: { submit: ({ gates }) => ({ gates: { ...gates, release: async () => undefined } }) } },
  },
  {
    rule: 'R3',
    without: 'letting the winner keep the slot: the loser of a write releases it',
    profile: 'race',
    firstSeed: 6,
    mutant: {
      defects: {
        submit: writing(async (jobs, seen, next, { gates }) => {
          const outcome = await jobs.replace(seen, next);
          if (outcome === 'lost') await gates.release(seen.tenantId, [holderOf(seen)]);
          return outcome;
        }),
      },
    },
  },
  {
    rule: 'R4',
    without: 'reconcile of the gates',
    profile: 'chaos',
    firstSeed: 243,
    mutant: {
      defects: {
        tick: sweepingEmptyGates,
      },
    },
  },
  {
    rule: 'R7',
    without: 'the condition that no attempt has acquired since the gate was read',
    profile: 'race',
    firstSeed: 31,
    mutant: { defects: each(['submit', 'track'], enteringBlindly) },
  },
  {
    rule: '2.7',
    without: 'the second look of a waiting attempt',
    profile: 'race',
    firstSeed: 125,
    mutant: { defects: { submit: readingTheGateOnce } },
  },
  {
    rule: '2.7',
    without: 'a consistent read of the waiting list',
    profile: 'race',
    firstSeed: 31,
    mutant: { defects: each(['submit', 'track'], puttingRowsLate) },
  },
  {
    rule: '2.6',
    without: 'releasing before the list is read',
    profile: 'race',
    firstSeed: 46,
    mutant: { defects: each(['submit', 'track', 'intake'], leavingLate) },
  },
  {
    rule: '2.10',
    without: 'keeping the slot of a job that is being cancelled',
    profile: 'chaos',
    firstSeed: 15,
    mutant: {
      defects: {
        intake: writing(async (jobs, seen, next, { gates }) => {
          const outcome = await jobs.replace(seen, next);
          if (next.state === 'cancelling') await gates.release(next.tenantId, [holderOf(next)]);
          return outcome;
        }),
      },
    },
  },
  {
    rule: 'R2',
    without: 'the final write before the slot is released',
    profile: 'race',
    firstSeed: 4,
    mutant: {
      defects: {
        track: writing(async (jobs, seen, next, { gates }) => {
          if (isFinal(next.state)) await gates.release(next.tenantId, [holderOf(next)]);
          return jobs.replace(seen, next);
        }),
      },
    },
  },
  {
    rule: 'R2',
    without: 'holding the slot to the end: it is released when the container starts',
    profile: 'race',
    firstSeed: 7,
    mutant: {
      defects: {
        track: writing(async (jobs, seen, next, { gates }) => {
          const written = await jobs.replace(seen, next);
          if (next.state === 'running') await gates.release(next.tenantId, [holderOf(next)]);
          return written;
        }),
      },
    },
  },
  {
    rule: 'R2',
    without: 'counting an attempt as over while the next one has not begun',
    profile: 'race',
    firstSeed: 18,
    mutant: { defects: each(['submit', 'track'], keepingWhoRetries) },
  },
  {
    rule: 'R4',
    without: 'patience: reconcile releases each holder that is not on its way to Batch',
    profile: 'chaos',
    firstSeed: 289,
    mutant: { defects: { tick: sweepingWhoWaits } },
  },
  {
    rule: '2.7',
    without: 'the attempt in a row of the waiting list',
    profile: 'race',
    firstSeed: 46,
    mutant: { defects: each(['submit', 'track'], forgettingAttempts) },
  },
  {
    rule: 'R4',
    without: 'waking the waiting list when reconcile looks at a gate',
    profile: 'chaos',
    firstSeed: 108,
    mutant: { defects: { tick: notWakingAtGates } },
  },
  {
    rule: '2.7',
    without: 'waking two for one release: a cap of its type and one of its key may have room',
    profile: 'race',
    firstSeed: 1371,
    off: ['calls.pause', 'calls.freeze', 'messages.slow'],
    mutant: { defects: { track: wakingOne } },
  },
  {
    rule: '2.7',
    without: 'the submit message before the waiting row is removed',
    profile: 'race',
    firstSeed: 11,
    mutant: { defects: { track: removingFirst } },
  },
];
