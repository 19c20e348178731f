/** The functions of Lambda in processes of their own, called directly or by the queues that are mapped to them. */
import { availableParallelism } from 'node:os';
import type { Clock } from '../clock.ts';
import type { CallFacts, InvokeResult, LambdaFunction } from './function.ts';
import { createPlaces, type Spare } from './places.ts';
import { createPoller, type Poller, type QueueMapping } from './poller.ts';
import { createPool, type Pool } from './pool.ts';
import type { QueueCalls } from './queue.ts';
import { createReaper } from './reaper.ts';

export type { CallFacts, InvokeFailure, InvokeResult, LambdaFunction } from './function.ts';
export type { QueueMapping } from './poller.ts';
export type { QueueCalls } from './queue.ts';

export interface LambdaHostOptions {
  /** Where the functions find AWS, for example `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  readonly region: string;
  readonly clock: Pick<Clock, 'offsetMs' | 'onAdvance'>;
  /** How the queues that are mapped to functions are read. */
  readonly queues: QueueCalls;
  /** Sandboxes besides the first of each function; absent = as many as this machine has cores, for 10 s without a call. */
  readonly spare?: Spare;
  /** One-line messages for the operator, never payloads. */
  report(line: string): void;
  /** Every line a function writes to its console. */
  output(functionName: string, line: string): void;
  /** The same for a function that has a log group of the template; the stream is one of its sandbox. */
  log?(group: string, stream: string, line: string): void;
  /** A call came to its end. */
  ended?(functionName: string, result: InvokeResult): void;
}

export interface LambdaHost {
  define(fn: LambdaFunction): void;
  /** @throws Error when the function is not defined. Takes effect at `start`. */
  map(mapping: QueueMapping): void;
  /**
   * Runs a function once. A timeout, a crash or a thrown error is a result, never a rejection.
   *
   * @throws Error when the function is not defined
   */
  invoke(functionName: string, payload: unknown, facts?: CallFacts): Promise<InvokeResult>;
  /**
   * Kills the calls of a function that run now.
   * @throws Error when the function is not defined
   */
  kill(functionName: string): void;
  functionNamed(functionName: string): LambdaFunction | undefined;
  /** The files of these bundles are other ones now: their functions run them from the next call on. */
  renew(bundles: readonly string[]): Promise<void>;
  /**
   * Polls the mapped queues, and meanwhile starts the first sandbox of each function, those of queues first. A bundle that cannot be
   * imported is reported.
   */
  start(): void;
  /**
   * Stops polling at once, gives running calls a few seconds, then ends the sandboxes. Messages of calls that did not
   * finish stay in their queue.
   */
  close(): Promise<void>;
  /** Calls that run or wait for a sandbox. */
  activity(): { running: number };
}

const CLOSE_WAIT_MS = 3000;
/** More would slow down the first messages, which their own functions start for anyway. */
const WARMED_AT_ONCE = Math.max(1, Math.floor(availableParallelism() / 2));

export function createLambdaHost(options: LambdaHostOptions): LambdaHost {
  const { region, report, queues } = options;
  const reaper = createReaper();
  const places = createPlaces(options.spare ?? { sandboxes: availableParallelism(), idleLimitMs: 10_000 });
  const pools = createPools((fn) => createPool(fn, { ...options, places, reaper }));
  const pollers: Poller[] = [];
  const mapped = new Set<string>();
  const running = new Set<Promise<InvokeResult>>();

  const run = async (name: string, payload: unknown, facts?: CallFacts): Promise<InvokeResult> => {
    const call = pools.of(name, facts?.tenantId).run(payload, facts);
    running.add(call);
    const result = await call;
    running.delete(call);
    options.ended?.(name, result);
    return result;
  };

  return {
    define: pools.define,
    map(mapping) {
      const { functionName } = mapping;
      pools.of(functionName);
      mapped.add(functionName);
      // Messages that no sandbox can take soon stay in the queue, where their visibility timeout does not run.
      const maximumConcurrency = Math.min(mapping.maximumConcurrency, 1 + places.spare.sandboxes);
      const ports = { queues, region, report, run: (payload: object) => run(functionName, payload) };
      pollers.push(createPoller({ ...mapping, maximumConcurrency }, ports));
    },
    invoke: run,
    kill: (functionName) => pools.of(functionName).kill(),
    functionNamed: pools.functionNamed,
    async renew(bundles) {
      const outdated = pools.all().filter(({ fn }) => bundles.includes(fn.bundle));
      await Promise.all(outdated.map(({ pool }) => pool.renew()));
    },
    start() {
      for (const poller of pollers) poller.start();
      // One of a function that isolates tenants would have no tenant.
      const resident = pools.all().filter(({ fn }) => fn.isolatesTenants !== true);
      const isCalledSoon = ({ fn }: { fn: LambdaFunction }) => Number(mapped.has(fn.name));
      const queued = resident.toSorted((a, b) => isCalledSoon(b) - isCalledSoon(a)).values();
      for (let lane = 0; lane < WARMED_AT_ONCE; lane += 1) void warm(queued);
    },
    async close() {
      await Promise.all(pollers.map((poller) => poller.stop()));
      const drained = () => Promise.all([...running, ...pollers.map((poller) => poller.drained())]);
      const waiting = Promise.withResolvers<void>();
      const timer = setTimeout(waiting.resolve, CLOSE_WAIT_MS);
      await Promise.race([drained(), waiting.promise]);
      clearTimeout(timer);
      await Promise.all(pools.all().map(({ pool }) => pool.close()));
      await drained();
      reaper.close();
    },
    activity: () => ({ running: running.size }),
  };
}

async function warm(queued: Iterable<{ readonly pool: Pool }>): Promise<void> {
  for (const { pool } of queued) await pool.warm();
}

/** The pools of all functions: one each, and one for each tenant of a function that isolates them. */
function createPools(create: (fn: LambdaFunction) => Pool) {
  const functions = new Map<string, LambdaFunction>();
  const shared = new Map<string, Pool>();
  const ofTenants = new Map<string, Map<string, Pool>>();
  return {
    define(fn: LambdaFunction): void {
      functions.set(fn.name, fn);
      shared.set(fn.name, create(fn));
    },
    functionNamed: (name: string) => functions.get(name),
    /** @throws Error when the function is not defined */
    of(name: string, tenantId?: string): Pool {
      const [fn, pool] = [functions.get(name), shared.get(name)];
      if (!fn || !pool) throw new Error(`There is no function ${name}.`);
      if (tenantId === undefined) return pool;
      const tenants = ofTenants.get(name) ?? new Map<string, Pool>();
      const own = tenants.get(tenantId) ?? create(fn);
      ofTenants.set(name, tenants.set(tenantId, own));
      return own;
    },
    all: () =>
      [...functions.values()].flatMap((fn) =>
        [shared.get(fn.name), ...(ofTenants.get(fn.name)?.values() ?? [])].flatMap((pool) =>
          pool === undefined ? [] : [{ fn, pool }],
        ),
      ),
  };
}
