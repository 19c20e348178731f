/**
 * AWS Batch on this machine: the API over a database file, with child processes for containers. This file connects
 * the folders, which import each other in one direction only: definitions and queues, jobs, scheduling, containers.
 */
import { createApi } from './api.ts';
import { createHost } from './containers/host.ts';
import { createDefinitions } from './definitions/definitions.ts';
import { createJobs } from './jobs/jobs.ts';
import { createLifecycle } from './jobs/lifecycle.ts';
import { createOutbox } from './jobs/outbox.ts';
import { createWaits } from './jobs/waits.ts';
import type { Batch, BatchFaults, BatchOptions } from './options.ts';
import { consume } from './queues/consumption.ts';
import { createResources } from './queues/resources.ts';
import { createBlockWatch } from './scheduling/block-watch.ts';
import { createRounds } from './scheduling/rounds.ts';
import { createShares } from './scheduling/shares.ts';
import { openStore } from './store.ts';

export type { Batch, BatchFaults, BatchOptions } from './options.ts';

/**
 * How soon a moved clock takes effect: the interval at which time limits, delayed events and forgotten jobs are
 * checked.
 */
const TICK_MS = 200;
/** AWS keeps finished jobs for at least this long (user guide, "Job states"); a longer time is not documented. */
const KEPT_AFTER_STOP_MS = 7 * 24 * 3600 * 1000;

export function createBatch(options: BatchOptions): Batch {
  const { region, clock } = options;
  const faults: BatchFaults = {};
  const store = openStore(options.store);
  const jobs = createJobs(store);
  const waits = createWaits(store);
  const resources = createResources(store, region);
  const shares = createShares(store, resources, clock);
  const definitions = createDefinitions(store, region);
  const outbox = createOutbox({ ...options, store, faults });
  const lifecycle = createLifecycle({
    region,
    clock,
    store,
    jobs,
    waits,
    announce: outbox.append,
    recordUse: shares.record,
    onStarting: (job) => consume(resources, job),
    onRunnable: () => rounds.wake(),
    onStop: (jobId) => host.stop(jobId),
  });
  const host = createHost({ options, jobs, lifecycle, resources, faults });
  const watch = createBlockWatch({ clock, resources, lifecycle });
  const rounds = createRounds({ jobs, resources, shares, lifecycle, watch, faults, start: host.run });
  const forget = () => jobs.forgetStoppedBefore(clock.now() - KEPT_AFTER_STOP_MS);
  const { wake } = rounds;
  const rooms = { store, jobs, waits, resources, shares, definitions, lifecycle };
  const api = createApi({ ...options, ...rooms, faults, onSubmitted: wake, onRoom: wake, forget });
  const tick = () => {
    host.tick();
    watch.tick();
    outbox.tick();
    rounds.tick();
    forget();
  };

  let ticking: NodeJS.Timeout | undefined;
  return {
    handle: api,
    faults,
    async start() {
      if (ticking) return;
      ticking = setInterval(tick, TICK_MS);
      outbox.start();
      await host.start();
      rounds.start();
    },
    async close() {
      clearInterval(ticking);
      ticking = undefined;
      rounds.close();
      await host.close();
      await outbox.close();
    },
    activity: () => ({
      queued: jobs.count('SUBMITTED', 'PENDING', 'RUNNABLE'),
      running: jobs.count('STARTING', 'RUNNING'),
      undelivered: outbox.undelivered(),
    }),
  };
}
