/** The table at the level of its ports: the same conditions, one item at a time, tokens that know their own writes again. */
import type { Found } from '../../domain/dependency/verdict.ts';
import { isOnRoll } from '../../domain/due/roll.ts';
import { JobRecord } from '../../domain/job/job.ts';
import { isWhole, joined, type Parts, split, type WholeJob } from '../../domain/job/parts.ts';
import { partsUntilOf } from '../../domain/job/retention.ts';
import { Tombstone } from '../../domain/job/tombstone.ts';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import { Delivery, type DeliveryName } from '../../domain/webhook/delivery.ts';
import { Endpoint } from '../../domain/webhook/endpoint.ts';
import { EndpointHealth } from '../../domain/webhook/endpoint-health.ts';
import type { DeliveryLog, DeliveryStore } from '../../io/table/deliveries.ts';
import type { EndpointRegister } from '../../io/table/endpoints.ts';
import type { JobLists } from '../../io/table/job-lists.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { readRow } from '../../io/table/rows.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { virtualDeliveryLog } from './delivery-log.ts';
import type { VirtualDueIndex } from './due.ts';
import { type Run, reach, read } from './faults.ts';
import { type Rosters, virtualRosters } from './rosters.ts';
import { beside, check } from './unreadable.ts';
import type { Process } from './world.ts';

export type OnCommit = (process: Process, before: JobRecord | undefined, after: JobRecord) => void;

type Held =
  | { readonly kind: 'job'; readonly job: JobRecord; readonly by: string }
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone; readonly by: string };

export interface Table {
  readonly jobs: ReadonlyMap<string, Held>;
  readonly deliveries: ReadonlyMap<string, Delivery>;
  job(jobId: string): JobRecord | undefined;
  records(): JobRecord[];
  /** What holds the id now. */
  found(jobId: string): Found;
  whole(job: JobRecord): WholeJob;
  /** Whether a cancel ever came before this job. */
  wasTombstoned(jobId: string): boolean;
  /** Whether it is due by its roll, and not by itself. */
  isOnRoll(jobId: string): boolean;
  /** Rows of several jobs in the lists of their tenants. */
  readonly rosters: Rosters;
  /** Whether a failure has moved its `dueAt`. */
  wasPostponed(jobId: string): boolean;
  endpoints(): readonly Endpoint[];
  /** As a person changes one. */
  changeEndpoint(endpointId: string, next: (endpoint: Endpoint) => Endpoint): void;
  /** Leaves a tombstone from before the run, which the table has not expired yet. */
  plant(tombstone: Tombstone): void;
  /** The earliest moment at which tick has something to do. */
  nextDueMs(): number;
  jobsFor(process: Process): JobStore;
  listsFor(process: Process): JobLists;
  deliveriesFor(process: Process): DeliveryStore & DeliveryLog;
  tenantsFor(process: Process): Pick<TenantStore, 'load'>;
  endpointsFor(process: Process): EndpointRegister;
}

export interface Surroundings {
  readonly index: VirtualDueIndex;
  /** The tenants as they are now. */
  readonly accounts: ReadonlyMap<string, Tenant>;
  readonly endpoints: readonly Endpoint[];
}

export function virtualTable(
  run: Run,
  { index, accounts, endpoints }: Surroundings,
  onCommit: OnCommit,
): Table {
  const jobs = new Map<string, Held>();
  const partsOf = new Map<string, Parts>();
  /** When they may be removed, in epoch seconds. */
  const partsEnd = new Map<string, number>();
  const known = [...endpoints];
  const healths = new Map<string, EndpointHealth>();
  const deliveries = new Map<string, Delivery>();
  const writers = new Map<string, string>();
  let tokens = 0;
  // A read returns what the schema lets through, as from the real table, and no reader shares it. That costs a
  // tenth of a world's time, and one world in sixteen is enough to find who relies on something else.
  const careful = run.world.dice('table').happens(1 / 16);

  const rosters = virtualRosters(run);
  /** Jobs that are in the index by their roll. */
  const rolled = new Set<string>();
  /** Jobs whose `dueAt` was moved by a failure, beside their versions. */
  const postponed = new Set<string>();
  const job = (jobId: string) => {
    const held = jobs.get(jobId);
    return held?.kind === 'job' ? held.job : undefined;
  };
  const tombstoned = new Set<string>();
  const found = (jobId: string): Found => {
    const held = jobs.get(jobId);
    if (held === undefined) return { kind: 'nothing' };
    return held.kind === 'job'
      ? { kind: 'job', job: held.job }
      : { kind: 'tombstone', tombstone: held.tombstone };
  };
  const whole = (record: JobRecord): WholeJob => {
    if (isWhole(record)) return record;
    const parts = partsOf.get(partsKey(record));
    if (parts === undefined) throw new Error(`${record.jobId} marks parts that are not there`);
    return joined(record, parts);
  };
  const endpointOf = (tenantId: string, endpointId: string) =>
    known.find((one) => one.tenantId === tenantId && one.endpointId === endpointId);
  const put = (row: Delivery) => {
    const key = keyOf(row);
    deliveries.set(key, careful ? Delivery.parse(row) : row);
    const { tenantId, endpointId, at, webhookId } = row;
    const due = { kind: 'delivery', delivery: { tenantId, endpointId, at, webhookId } } as const;
    index.note(due, {
      tenantId,
      dueAt: () => deliveries.get(key)?.dueAt,
      postpone(dueAt) {
        const now = deliveries.get(key);
        if (now !== undefined) deliveries.set(key, { ...now, dueAt });
      },
    });
  };
  const commit = (process: Process, next: JobRecord, by: string) => {
    const before = job(next.jobId);
    rosters.checkLasting(process, next, isWhole(next) ? undefined : (partsEnd.get(partsKey(next)) ?? 0));
    if (before?.onRoster && !next.onRoster) run.count('job left its roster');
    const after = careful ? frozen(readRow(JobRecord, { ...asVersionOf(run, process, before, next) })) : next;
    jobs.set(next.jobId, { kind: 'job', job: after, by });
    if (before === undefined && isOnRoll(next)) rolled.add(next.jobId);
    if (before?.dueAt !== next.dueAt && before !== undefined) rolled.delete(next.jobId);
    index.note(
      { kind: 'job', jobId: next.jobId },
      {
        tenantId: next.tenantId,
        dueAt: () => job(next.jobId)?.dueAt,
        isOnRoll: () => rolled.has(next.jobId),
        postpone(dueAt) {
          const now = jobs.get(next.jobId);
          if (now?.kind !== 'job') return;
          rolled.delete(next.jobId);
          jobs.set(next.jobId, { ...now, job: { ...now.job, dueAt } });
          postponed.add(next.jobId);
        },
      },
    );
    onCommit(process, before, after);
  };

  return {
    jobs,
    deliveries,
    job,
    found,
    whole,
    wasTombstoned: (jobId) => tombstoned.has(jobId),
    isOnRoll: (jobId) => rolled.has(jobId),
    rosters,
    wasPostponed: (jobId) => postponed.has(jobId),
    endpoints: () => known,
    changeEndpoint(endpointId, next) {
      const at = known.findIndex((one) => one.endpointId === endpointId);
      const stored = known[at];
      if (stored !== undefined) known[at] = next(stored);
    },
    plant: (tombstone) => void jobs.set(tombstone.jobId, { kind: 'tombstone', tombstone, by: 'before' }),
    records: () => [...jobs.values()].flatMap((held) => (held.kind === 'job' ? [held.job] : [])),
    nextDueMs: () => {
      const records = [...jobs.values()].flatMap((held) => (held.kind === 'job' ? [held.job.dueAt] : []));
      const rows = [...deliveries.values()].map(({ dueAt }) => dueAt);
      return Math.min(...[...records, ...rows].map((dueAt) => dueAt ?? Number.MAX_SAFE_INTEGER));
    },

    jobsFor(process) {
      const call = <T>(site: string, jobId: string | undefined, effect: (by: string) => T) => {
        const by = `${process.name}/${++tokens}`;
        return reach(run, process, { site: `jobs.${site}`, jobId }, () => effect(by));
      };
      const withoutParts = async (job: WholeJob) => {
        const { record, parts } = split(job);
        if (parts === undefined) return record;
        return call('createParts', job.jobId, () => {
          const partsUntil = partsEnd.get(partsKey(job)) ?? partsUntilOf(job);
          partsOf.set(partsKey(job), parts);
          partsEnd.set(partsKey(job), partsUntil);
          run.count('parts written apart');
          return { ...record, partsUntil };
        });
      };
      return {
        create: async (job) => {
          const next = await withoutParts(job);
          return call('create', next.jobId, (by) => {
            const held = jobs.get(next.jobId);
            if (held === undefined) commit(process, next, by);
            if (held === undefined || held.by === by) return { kind: 'created' };
            return held.kind === 'job'
              ? { kind: 'exists', job: held.job }
              : { kind: 'tombstone', tombstone: held.tombstone };
          });
        },
        createOver: async (tombstone, job) => {
          const next = await withoutParts(job);
          return call('createOver', next.jobId, (by) => {
            const held = jobs.get(next.jobId);
            if (held?.kind === 'tombstone' && held.tombstone.revision === tombstone.revision) {
              commit(process, next, by);
              return 'written';
            }
            return held?.by === by ? 'written' : 'lost';
          });
        },
        leaveTombstone: (seen, next) =>
          call('leaveTombstone', next.jobId, (by) => {
            const held = jobs.get(next.jobId);
            const asSeen =
              held?.kind === 'tombstone' ? held.tombstone.revision === seen?.revision : seen === held;
            if (!asSeen) return held?.by === by ? 'written' : 'lost';
            jobs.set(next.jobId, { kind: 'tombstone', tombstone: Tombstone.parse(next), by });
            tombstoned.add(next.jobId);
            run.count(seen === undefined ? 'tombstone left' : 'tombstone renewed');
            return 'written';
          }),
        stored: (jobId) => read(run, process, jobId, () => found(jobId)),
        load: async (jobIds) => {
          if (jobIds.length === 0) return new Map();
          return read(run, process, jobIds[0], () => {
            const found = jobIds.flatMap((jobId) => job(jobId) ?? []);
            return beside(run, jobIds, new Map(found.map((record) => [record.jobId, record])));
          });
        },
        get: async (jobId) => {
          const found = await read(run, process, jobId, () => job(jobId));
          check(run, jobId);
          return found;
        },
        whole: async (record) => {
          if (isWhole(record)) return record;
          return read(run, process, record.jobId, () => whole(record));
        },
        replace: (seen, next) =>
          call('replace', seen.jobId, (by) => {
            const held = jobs.get(seen.jobId);
            if (next.partsUntil !== undefined && next.partsUntil !== seen.partsUntil) {
              partsEnd.set(partsKey(next), next.partsUntil);
              run.count('parts kept for longer');
            }
            if (held?.kind === 'job' && held.job.version === seen.version) {
              commit(process, next, by);
              return 'written';
            }
            return held?.by === by ? 'written' : 'lost';
          }),
      };
    },

    listsFor: (process) => ({
      page: (...range) =>
        read(run, process, undefined, () =>
          rosters.page(
            [...jobs.values()].flatMap((held) => (held.kind === 'job' ? [held.job] : [])),
            ...range,
          ),
        ),
    }),

    deliveriesFor(process) {
      const write = (site: string, next: Delivery, asSeen: (stored: Delivery | undefined) => boolean) => {
        const by = `${process.name}/${++tokens}`;
        return reach(run, process, { site: `deliveries.${site}`, jobId: next.jobId }, () => {
          const key = keyOf(next);
          if (!asSeen(deliveries.get(key))) return writers.get(key) === by ? 'written' : 'lost';
          put(next);
          writers.set(key, by);
          return 'written';
        });
      };
      return {
        ...virtualDeliveryLog(run, process, deliveries),
        get: async (name) => {
          const found = await read(run, process, undefined, () => {
            const row = deliveries.get(keyOf(name));
            // Several messages of one delivery are read at different moments of one call.
            const known = process.nextTries.get(name.webhookId) ?? Number.MAX_SAFE_INTEGER;
            process.nextTries.set(name.webhookId, Math.min(known, row?.nextTryAt ?? 0));
            return row;
          });
          check(run, name.tenantId);
          return found;
        },
        record: (seen, next) =>
          write('record', next, (row) => row?.tries === seen?.tries && row?.status === seen?.status),
        replay: (seen, next) =>
          write('replay', next, (row) => row?.tries === seen.tries && row.status === seen.status),
        putOff: (seen, next) =>
          write('putOff', next, (row) => row?.tries === seen.tries && row.dueAt === seen.dueAt),
      };
    },

    tenantsFor: (process) => ({
      load: async (ids) => {
        if (ids.length === 0) return new Map();
        return read(run, process, undefined, () => {
          const found = ids.flatMap((tenantId) => accounts.get(tenantId) ?? []);
          return beside(run, ids, new Map(found.map((tenant) => [tenant.tenantId, tenant])));
        });
      },
    }),

    endpointsFor: (process) => ({
      list: (tenantId) =>
        reach(run, process, { site: 'endpoints.list' }, () =>
          known
            .filter((endpoint) => endpoint.tenantId === tenantId)
            .map((endpoint) => ({ endpoint, health: healths.get(endpoint.endpointId) })),
        ),
      get: ({ tenantId, endpointId }) =>
        read(run, process, undefined, () => endpointOf(tenantId, endpointId)),
      change: ({ tenantId, endpointId }, decide) =>
        reach(run, process, { site: 'endpoints.change' }, () => {
          const stored = endpointOf(tenantId, endpointId);
          const next = stored && decide(stored);
          if (stored !== undefined && next !== undefined) known.splice(known.indexOf(stored), 1, next);
          return next ?? stored;
        }),
      add: (endpoint) =>
        reach(run, process, { site: 'endpoints.add' }, () => {
          const stored = endpointOf(endpoint.tenantId, endpoint.endpointId);
          if (stored === undefined) known.push(Endpoint.parse(endpoint));
          return stored;
        }),
      put: (endpoint) =>
        reach(run, process, { site: 'endpoints.put' }, () => {
          const stored = endpointOf(endpoint.tenantId, endpoint.endpointId);
          const at = stored === undefined ? known.length : known.indexOf(stored);
          known.splice(at, 1, Endpoint.parse(endpoint));
        }),
      remove: ({ tenantId, endpointId }) =>
        reach(run, process, { site: 'endpoints.remove' }, () => {
          const stored = endpointOf(tenantId, endpointId);
          if (stored !== undefined) known.splice(known.indexOf(stored), 1);
          healths.delete(endpointId);
        }),
      changeHealth: ({ tenantId, endpointId }, decide) => {
        // A call that the client repeats knows its own write again, and decides nothing a second time.
        let written: EndpointHealth | undefined;
        return reach(run, process, { site: 'endpoints.changeHealth' }, () => {
          if (written !== undefined) return written;
          const stored = healths.get(endpointId) ?? { tenantId, endpointId };
          const next = decide(stored);
          if (next === undefined) return stored;
          written = EndpointHealth.parse(next);
          healths.set(endpointId, written);
          return written;
        });
      },
    }),
  };
}

const partsKey = ({ jobId, fingerprint }: JobRecord) => `${jobId} ${fingerprint}`;
const keyOf = ({ tenantId, endpointId, at, webhookId }: DeliveryName) =>
  `${tenantId} ${endpointId} ${at} ${webhookId}`;

/** A change of a read object, instead of a write, throws. */
/** Two versions run side by side: every other process is of one that keeps more of an ended attempt than this one knows. */
function asVersionOf(run: Run, process: Process, before: JobRecord | undefined, next: JobRecord): JobRecord {
  const ended = next.endedAttempts.at(-1);
  const isNew = next.endedAttempts.length > (before?.endedAttempts.length ?? 0);
  if (ended === undefined || !isNew || Number(process.name.split('-')[1]) % 2 === 0) return next;
  run.count('written by a newer version');
  const richer = { ...ended, cost: { cents: 3 } };
  return { ...next, endedAttempts: [...next.endedAttempts.slice(0, -1), richer] };
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
