/** The functions of Lambda in processes of their own, called directly or by the queues that are mapped to them. */
import { availableParallelism } from 'node:os';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../clock.ts';
import type { InvokeResult, LambdaFunction } from './function.ts';
import { createPlaces, type Spare } from './places.ts';
import { createPoller, type Poller, type QueueMapping } from './poller.ts';
import { createPool, type Pool } from './pool.ts';
import { createReaper } from './reaper.ts';

export type { InvokeFailure, InvokeResult, LambdaFunction } from './function.ts';
export type { QueueMapping } from './poller.ts';

export interface LambdaHostOptions {
  /** Where the functions find AWS, for example `http://127.0.0.1:4566`. */
  readonly endpoint: string;
  readonly region: string;
  readonly clock: Pick<Clock, 'offsetMs' | 'onAdvance'>;
  /** Sandboxes besides the first of each function; absent = as many as this machine has cores, for 10 s without a call. */
  readonly spare?: Spare;
  /** One-line messages for the operator, never payloads. */
  report(line: string): void;
  /** Every line a function writes to its console. */
  output(functionName: string, line: string): void;
}

export interface LambdaHost {
  define(fn: LambdaFunction): void;
  /** @throws Error when the function is not defined. Takes effect at `start`. */
  map(mapping: QueueMapping): void;
  /**
   * Runs a function once. A timeout, a crash or a thrown error is a result, never a rejection.
   *
   * @param requestId the same for each try of an asynchronous invocation; a new one when absent
   * @throws Error when the function is not defined
   */
  invoke(functionName: string, payload: unknown, requestId?: string): Promise<InvokeResult>;
  functionNamed(functionName: string): LambdaFunction | undefined;
  /** Imports each bundle once (a failure is reported, not thrown), then polls the mapped queues. */
  start(): Promise<void>;
  /**
   * Stops polling at once, gives running calls a few seconds, then ends the sandboxes. Messages of calls that did not
   * finish stay in their queue.
   */
  close(): Promise<void>;
  /** Calls that run or wait for a sandbox. */
  activity(): { running: number };
}

const CLOSE_WAIT_MS = 3000;

export function createLambdaHost(options: LambdaHostOptions): LambdaHost {
  const { endpoint, region, report } = options;
  const places = createPlaces(options.spare ?? { sandboxes: availableParallelism(), idleLimitMs: 10_000 });
  const reaper = createReaper();
  const functions = new Map<string, LambdaFunction>();
  const pools = new Map<string, Pool>();
  const pollers: Poller[] = [];
  const running = new Set<Promise<InvokeResult>>();
  const sqs = new SQSClient({
    endpoint,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

  const poolOf = (functionName: string): Pool => {
    const pool = pools.get(functionName);
    if (!pool) throw new Error(`There is no function ${functionName}.`);
    return pool;
  };
  const run = (pool: Pool, payload: unknown, requestId?: string): Promise<InvokeResult> => {
    const call = pool.run(payload, requestId).finally(() => running.delete(call));
    running.add(call);
    return call;
  };

  return {
    define(fn) {
      functions.set(fn.name, fn);
      pools.set(fn.name, createPool(fn, { ...options, places, reaper }));
    },
    map(mapping) {
      const pool = poolOf(mapping.functionName);
      // Messages that no sandbox can take soon stay in the queue, where their visibility timeout does not run.
      const maximumConcurrency = Math.min(mapping.maximumConcurrency, 1 + places.spare.sandboxes);
      const ports = { sqs, region, report, run: (payload: object) => run(pool, payload) };
      pollers.push(createPoller({ ...mapping, maximumConcurrency }, ports));
    },
    invoke: async (functionName, payload, requestId) => await run(poolOf(functionName), payload, requestId),
    functionNamed: (functionName) => functions.get(functionName),
    async start() {
      await Promise.all([...pools.values()].map((pool) => pool.warm()));
      for (const poller of pollers) poller.start();
    },
    async close() {
      await Promise.all(pollers.map((poller) => poller.stop()));
      const drained = () => Promise.all([...running, ...pollers.map((poller) => poller.drained())]);
      const waiting = Promise.withResolvers<void>();
      const timer = setTimeout(waiting.resolve, CLOSE_WAIT_MS);
      await Promise.race([drained(), waiting.promise]);
      clearTimeout(timer);
      await Promise.all([...pools.values()].map((pool) => pool.close()));
      await drained();
      reaper.close();
      sqs.destroy();
    },
    activity: () => ({ running: running.size }),
  };
}
