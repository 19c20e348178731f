import type { DatabaseSync } from 'node:sqlite';
import type { ApiRequest, ApiResponse, AwsEvent } from '../aws.ts';
import { createApi } from './api.ts';
import { Definitions } from './definitions.ts';
import { Host } from './host.ts';
import { Jobs } from './jobs.ts';
import { Lifecycle } from './lifecycle.ts';
import { Outbox } from './outbox.ts';
import { Resources } from './resources.ts';
import { Shares } from './shares.ts';
import { Store } from './store.ts';

/** How soon a turned clock is noticed: time limits, delayed events and forgotten jobs are looked at so often. */
const TICK_MS = 200;
/** AWS keeps finished jobs for at least this long (user guide, "Job states"); relying on more would be luck. */
const KEPT_AFTER_STOP_MS = 7 * 24 * 3600 * 1000;

export interface BatchOptions {
  readonly region: string;
  /** Open; Batch adds its own tables. The caller chooses its journal mode: each state change is one commit. */
  readonly store: DatabaseSync;
  readonly clock: { now(): number };
  /** A durable hand-over to EventBridge. When it rejects, it is called again with the same event. */
  emit(event: AwsEvent): Promise<void>;
  /** The working directory that stands for a container image; undefined when there is no such image. */
  imageDirectory(image: string): string | undefined;
  /** What ECS would give every container: endpoint, region, credentials. */
  containerEnvironment(): Record<string, string>;
  /** One line for the operator, without payloads. */
  report(line: string): void;
  /** Between SIGTERM and SIGKILL; 30 as in AWS unless given. */
  readonly terminationGraceSeconds?: number;
}

export interface BatchFaults {
  /** `error` answers 500 and `lose_reply` nothing at all, both after the job was accepted. */
  submit?: (request: ApiRequest) => 'accept' | 'throttle' | 'refuse' | 'error' | 'lose_reply';
  /** A delay is counted by the clock, and lets later events of the job overtake. */
  event?: (event: AwsEvent) => 'deliver' | 'drop' | 'duplicate' | { readonly delaySeconds: number };
  /** ListJobs does not show jobs younger than this. */
  listLag?: { readonly seconds: number };
}

export interface Batch {
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** Takes up what an earlier run on the same store left, and runs jobs from here on. */
  start(): Promise<void>;
  /** Ends every container. Jobs that were running have lost their host when the store is started again. */
  close(): Promise<void>;
  readonly faults: BatchFaults;
  activity(): { queued: number; running: number; undelivered: number };
  /** The end of what one try wrote to stdout and stderr; '' when there is nothing. */
  logs(logStreamName: string): string;
}

/** AWS Batch on this machine: the API over a database file, with child processes for containers. */
export function createBatch(options: BatchOptions): Batch {
  const { region, clock } = options;
  const faults: BatchFaults = {};
  const store = new Store(options.store);
  const jobs = new Jobs(store);
  const resources = new Resources(store, region);
  const shares = new Shares(store, resources, clock);
  const definitions = new Definitions(store, region);
  const outbox = new Outbox(options, store, faults);
  const lifecycle = new Lifecycle({
    region,
    clock,
    store,
    jobs,
    outbox,
    shares,
    onRunnable: () => host.wake(),
    onStop: (jobId) => host.stop(jobId),
  });
  const host = new Host({ options, jobs, resources, shares, lifecycle });
  const forget = () => jobs.forgetStoppedBefore(clock.now() - KEPT_AFTER_STOP_MS);

  let ticking: NodeJS.Timeout | undefined;
  const api = createApi({
    region,
    clock,
    store,
    jobs,
    resources,
    shares,
    definitions,
    lifecycle,
    faults,
    report: options.report,
    onSubmitted: () => host.wake(),
    onRoom: () => host.wake(),
    forget,
  });

  return {
    handle: api,
    faults,
    async start() {
      if (ticking) return;
      ticking = setInterval(() => {
        host.tick();
        outbox.tick();
        forget();
      }, TICK_MS);
      outbox.start();
      host.start();
    },
    async close() {
      clearInterval(ticking);
      ticking = undefined;
      await host.close();
      await outbox.close();
    },
    activity: () => ({
      queued: jobs.count('SUBMITTED', 'PENDING', 'RUNNABLE'),
      running: jobs.count('STARTING', 'RUNNING'),
      undelivered: outbox.undelivered(),
    }),
    logs: (logStreamName) => host.output(logStreamName) ?? jobs.output(logStreamName),
  };
}
