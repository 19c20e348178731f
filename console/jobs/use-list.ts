/** The list of jobs: its newest page again and again, and the older ones when they are asked for. */
import { useQueries } from '@tanstack/react-query';
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { call } from '../api/call.ts';
import type { JobPage, JobSummary } from '../api/schema.ts';
import { type Filter, queryOf, searchOf } from './filter.ts';
import { merged, NOTHING, type Reading, withFirst, withNext } from './merge.ts';

const PAGE = '100';

export interface JobList {
  readonly jobs: readonly JobSummary[];
  readonly examined: number;
  /** Whether there may be older ones. */
  readonly goesOn: boolean;
  readonly isReading: boolean;
  /** True until each tenant has answered once. */
  readonly isFirst: boolean;
  /** Of every tenant; when only some gave no answer it is null, and `reads` has which. */
  readonly error: unknown;
  readonly reads: readonly { readonly data: unknown; readonly error: unknown }[];
  readonly readAtMs: number;
  /** Reads so many pages further back. */
  further(pages: number): Promise<void>;
  refetch(): void;
}

export function useJobList(filter: Filter, tenants: readonly string[]): JobList {
  const name = searchOf(filter);
  // Once for each filter: a cursor goes on only in the list that it is of, and the time is a part of it. A tenant that comes or goes
  // changes nothing in the lists of the others, nor where a reader is in them.
  const query = useMemo(() => queryOf(filter, Date.now()), [name]);
  const reads = useQueries({
    queries: tenants.map((tenant) => ({
      queryKey: ['jobs', tenant, query],
      queryFn: ({ signal }: { signal: AbortSignal }) => pageOf(tenant, query, undefined, signal),
    })),
  });
  const [readings, setReadings] = useState<ReadonlyMap<string, Reading>>(new Map());
  const [isReading, setReading] = useState(false);
  const named = useRef(name);
  const pages = reads.map(({ data }) => data);
  // Before the paint: it would show an empty list for a moment.
  useLayoutEffect(() => {
    const isOther = named.current !== name;
    named.current = name;
    setReadings((before) => {
      const old = isOther ? new Map<string, Reading>() : before;
      const entries = tenants.map((tenant, i): [string, Reading] => {
        const known = old.get(tenant) ?? NOTHING;
        const page = pages[i];
        return [tenant, page === undefined ? known : withFirst(known, page)];
      });
      return new Map(entries);
    });
  }, [name, tenants.join(), ...pages]);
  const further = async (count: number) => {
    setReading(true);
    let known: ReadonlyMap<string, Reading> = readings;
    try {
      for (let page = 0; page < count; page++) {
        const next = await readOn(known, query);
        if (next === known || named.current !== name) break;
        known = next;
      }
    } catch {
      // Why it could not be read is said of the newest page, which is asked again all the time.
    } finally {
      // Drawn once, and also when one page of several could not be read.
      if (named.current === name) setReadings(known);
      setReading(false);
    }
  };
  const shown = useMemo(() => merged([...readings.values()]), [readings]);
  const all = [...readings.values()];
  return {
    jobs: shown,
    examined: all.reduce((sum, { examined }) => sum + examined, 0),
    goesOn: all.some(({ next }) => next !== undefined),
    isReading,
    isFirst: reads.some(({ data, error }) => data === undefined && error === null),
    error: reads.every(({ error }) => error !== null) ? (reads[0]?.error ?? null) : null,
    reads,
    // A tenant that never answered has the time 0.
    readAtMs: Math.min(...reads.flatMap(({ dataUpdatedAt: atMs }) => (atMs === 0 ? [] : [atMs]))),
    further,
    refetch: () => {
      for (const read of reads) void read.refetch();
    },
  };
}

async function readOn(
  readings: ReadonlyMap<string, Reading>,
  query: Readonly<Record<string, string | undefined>>,
): Promise<ReadonlyMap<string, Reading>> {
  const open = [...readings].filter(([, { next }]) => next !== undefined);
  if (open.length === 0) return readings;
  const read = await Promise.all(
    open.map(async ([tenant, reading]): Promise<[string, Reading]> => {
      return [tenant, withNext(reading, await pageOf(tenant, query, reading.next))];
    }),
  );
  return new Map([...readings, ...read]);
}

async function pageOf(
  tenant: string,
  query: Readonly<Record<string, string | undefined>>,
  cursor: string | undefined,
  signal?: AbortSignal,
): Promise<JobPage> {
  const asked = { ...query, tenant, limit: PAGE, cursor };
  return (await call('get /v1/jobs', { query: asked, signal })).body;
}
