/** Rules of the gates and the waiting lists. */
import { isFinal } from '../../../domain/job/job.ts';
import { type Holder, holderName, holderOf } from '../../../domain/tenant/holder.ts';
import type { Entry, WaitingRow } from '../../../domain/tenant/waiting.ts';
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
    put: async (rows, nowMs) =>
      void clock.waitUntil(clock.nowMs() + LATE_MS).then(() => waiting.put(rows, nowMs)),
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
      put: (rows, nowMs) => waiting.put(rows.map(first), nowMs),
      remove: (rows) => waiting.remove(rows.map(first)),
    },
  };
};

const NONE = { items: [], unreadable: [], hasMore: false };
/** Lists are read by looks alone. */
const findingNothing: Defect = ({ waiting }) => ({
  waiting: {
    ...waiting,
    ready: async () => NONE,
    held: async () => [],
    earlier: async () => ({ rows: [], unreadable: [] }),
  },
});

const notLookingAtKeys: Defect = ({ waiting }) => ({ waiting: { ...waiting, held: async () => [] } });

const notMarkingTypes: Defect = ({ gates }) => ({
  gates: { ...gates, markTypes: async () => undefined },
});

const puttingNo =
  (list: Entry['list']): Defect =>
  ({ waiting }) => ({
    waiting: {
      ...waiting,
      putEntry: async (entry, nowMs) => (entry.list === list ? undefined : waiting.putEntry(entry, nowMs)),
    },
  });

/** The row goes with the write that lets its attempt in. */
const removingFirst: Defect = ({ gates, waiting }) => {
  const known = new Map<string, WaitingRow>();
  return {
    waiting: {
      ...waiting,
      ready: async (...asked) => {
        const list = await waiting.ready(...asked);
        for (const item of list.items) if ('jobId' in item) known.set(holderName(item), item);
        return list;
      },
      head: async (of) => {
        const row = await waiting.head(of);
        if (row !== undefined) known.set(holderName(row), row);
        return row;
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
    firstSeed: 188,
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
    firstSeed: 7,
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
    firstSeed: 293,
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
    firstSeed: 23,
    mutant: { defects: each(['submit', 'track'], enteringBlindly) },
  },
  {
    rule: '2.7',
    without: 'the second look of a waiting attempt',
    profile: 'race',
    firstSeed: 11,
    mutant: { defects: { submit: readingTheGateOnce } },
  },
  {
    rule: '2.7',
    without: 'a consistent read of the waiting list',
    profile: 'race',
    firstSeed: 11,
    mutant: { defects: each(['submit', 'track'], puttingRowsLate) },
  },
  {
    rule: '2.6',
    without: 'releasing before the list is read',
    profile: 'race',
    firstSeed: 18,
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
    firstSeed: 7,
    mutant: { defects: each(['submit', 'track'], keepingWhoRetries) },
  },
  {
    rule: 'R4',
    without: 'patience: reconcile releases each holder that is not on its way to Batch',
    profile: 'chaos',
    firstSeed: 129,
    mutant: { defects: { tick: sweepingWhoWaits } },
  },
  {
    rule: '2.7',
    without: 'the attempt in a row of the waiting list',
    profile: 'race',
    firstSeed: 18,
    mutant: { defects: each(['submit', 'track'], forgettingAttempts) },
  },
  {
    rule: 'R4',
    without: 'waking the waiting lists when reconcile looks at a gate',
    profile: 'chaos',
    firstSeed: 185,
    mutant: { defects: { tick: findingNothing } },
  },
  {
    rule: '2.7',
    without: 'a look at the lists when a slot is released',
    profile: 'race',
    firstSeed: 18,
    mutant: { defects: { track: findingNothing } },
  },
  {
    rule: '2.7',
    without: 'noting on the gate which types have lists',
    profile: 'race',
    firstSeed: 11,
    mutant: { defects: { submit: notMarkingTypes } },
  },
  {
    rule: '2.7',
    without: 'an entry in the list of the type for what waits with a key',
    profile: 'race',
    firstSeed: 11,
    mutant: { defects: each(['submit', 'track', 'intake'], puttingNo('ready')) },
  },
  {
    rule: '2.7',
    without: 'an entry in the list of the key while the key is full',
    profile: 'race',
    firstSeed: 47,
    mutant: { defects: each(['submit', 'track', 'intake'], puttingNo('held')) },
  },
  {
    rule: '2.7',
    without: 'looking at the list of a key that has room again, in any look',
    profile: 'race',
    firstSeed: 47,
    mutant: { defects: each(['submit', 'track', 'intake'], notLookingAtKeys) },
  },
  {
    rule: '2.7',
    without: 'looking at the list of the key that a release makes room for',
    profile: 'race',
    firstSeed: 47,
    mutant: { defects: { track: notLookingAtKeys } },
  },
  {
    rule: '2.7',
    without: 'looking at the lists of keys after a change of caps',
    profile: 'race',
    firstSeed: 744,
    mutant: { defects: { submit: notLookingAtKeys } },
  },
  {
    rule: '2.10',
    without: 'the look after a change of caps',
    profile: 'race',
    firstSeed: 20,
    mutant: {
      message: (step, message) =>
        step === 'submit' && message.body.startsWith('{"wake"')
          ? { ...message, body: JSON.stringify({ wake: 'nowhere' }) }
          : message,
    },
  },
  {
    rule: '2.7',
    without: 'a new entry for the next row of a class when the first has gone',
    profile: 'race',
    firstSeed: 183,
    mutant: { defects: { track: puttingNo('ready') } },
  },
  {
    rule: '2.7',
    without: 'the submit message before the waiting row is removed',
    profile: 'race',
    firstSeed: 11,
    mutant: { defects: { track: removingFirst } },
  },
];
