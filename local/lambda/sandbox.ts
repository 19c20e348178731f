/** A sandbox: one function in a process of its own, which Lambda calls an execution environment. */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { environmentOf } from './environment.ts';
import {
  type CallFacts,
  failed,
  type InvokeFailure,
  type InvokeResult,
  type LambdaFunction,
} from './function.ts';
import type { Reaper } from './reaper.ts';
import type { FromSandbox } from './sandbox-messages.ts';
import { startProcess } from './sandbox-process.ts';

export interface Surroundings {
  readonly endpoint: string;
  readonly region: string;
  readonly clock: Pick<Clock, 'offsetMs' | 'onAdvance'>;
  readonly reaper: Pick<Reaper, 'watch' | 'forget'>;
  /** Every line a function writes to its console. */
  output(functionName: string, line: string): void;
  /** The same for a function that has a log group. */
  log?(group: string, stream: string, line: string): void;
}

export interface Sandbox {
  /** undefined once the bundle is imported, otherwise why that failed. */
  readonly ready: Promise<InvokeFailure | undefined>;
  /** Why the sandbox is gone; undefined when `end` asked for it. */
  readonly ended: Promise<InvokeFailure | undefined>;
  isAlive(): boolean;
  /**
   * One call at a time. Never rejects.
   * @param payload JSON text
   */
  invoke(payload: string, facts?: CallFacts): Promise<InvokeResult>;
  /** Kills the process in the middle of its call, which fails. */
  kill(): void;
  /** Resolves when the process is gone. */
  end(): Promise<void>;
}

export const closed = failed('Sandbox.Closed', 'The embedded cloud was closed');

/** Lambda allows an init phase 10 s; a laptop that starts everything at once gets longer. */
const INIT_TIMEOUT_SECONDS = 60;

export function startSandbox(fn: LambdaFunction, surroundings: Surroundings): Sandbox {
  const { clock } = surroundings;
  const ready = Promise.withResolvers<InvokeFailure | undefined>();
  const ended = Promise.withResolvers<InvokeFailure | undefined>();
  let answer: PromiseWithResolvers<InvokeResult> | undefined;
  let lost: InvokeFailure | undefined;

  const onMessage = (message: FromSandbox): void => {
    if (message.kind === 'crashed') {
      if (message.importing) lose(failed('Runtime.ImportModuleError', message.reason));
      else lose(exitError(message.reason));
    } else if (message.kind === 'ready') {
      clearTimeout(initTimer);
      ready.resolve(undefined);
    } else answer?.resolve(resultOf(message));
  };
  const stream = streamOf(fn, clock.offsetMs());
  const print = (line: string): void => {
    surroundings.output(fn.name, line);
    toLog(line);
  };
  const toLog = (line: string): void => {
    if (fn.log !== undefined) surroundings.log?.(fn.log.group, stream, line);
  };
  const child = startProcess(fn, environmentOf(fn, surroundings), {
    onMessage,
    onLine: print,
  });
  const { pid } = child;
  if (pid !== undefined) surroundings.reaper.watch(pid);
  const { environment: _, ...described } = fn;
  child.send({ kind: 'load', fn: described, offsetMs: clock.offsetMs() });
  const stopFollowing = clock.onAdvance(() => child.send({ kind: 'clock', offsetMs: clock.offsetMs() }));

  const lose = (failure: InvokeFailure, asked = false): void => {
    if (lost) return;
    lost = failure;
    clearTimeout(initTimer);
    stopFollowing();
    ready.resolve(failure);
    answer?.resolve(failure);
    ended.resolve(asked ? undefined : failure);
    child.kill();
  };
  const initTimer = setTimeout(
    () => lose(failed('Sandbox.Timedout', `Init timed out after ${INIT_TIMEOUT_SECONDS}.00 seconds`)),
    INIT_TIMEOUT_SECONDS * 1000,
  );
  child.ended.then((reason) => {
    if (pid !== undefined) surroundings.reaper.forget(pid);
    lose(exitError(reason));
  });

  return {
    ready: ready.promise,
    ended: ended.promise,
    isAlive: () => !lost,
    async invoke(payload, { requestId = randomUUID(), tenantId } = {}) {
      if (lost) return lost;
      answer = Promise.withResolvers();
      const sentence = `Task timed out after ${fn.timeoutSeconds.toFixed(2)} seconds`;
      const timer = setTimeout(() => lose(failed('Sandbox.Timedout', sentence)), fn.timeoutSeconds * 1000);
      child.send({ kind: 'call', requestId, tenantId, payload });
      const beganAt = performance.now();
      const result = await answer.promise;
      clearTimeout(timer);
      if (fn.log?.format === 'JSON') toLog(reportOf(requestId, result, performance.now() - beganAt));
      return result;
    },
    kill: () => lose(exitError('signal: killed')),
    async end() {
      lose(closed, true);
      await child.ended;
    },
  };
}

/** @see AWS Lambda developer guide, "Working with Lambda function logs": the names of streams in a shared log group */
function streamOf({ name }: LambdaFunction, offsetMs: number): string {
  const day = new Date(Date.now() + offsetMs).toISOString().slice(0, 10).replaceAll('-', '/');
  return `${day}/${name}[$LATEST]${randomUUID().replaceAll('-', '')}`;
}

/** What Lambda itself logs at the end of each invocation. @see AWS Lambda developer guide, "System log events" */
function reportOf(requestId: string, result: InvokeResult, durationMs: number): string {
  const status =
    result.outcome === 'returned' ? 'success' : result.errorType === 'Sandbox.Timedout' ? 'timeout' : 'error';
  const record = { requestId, metrics: { durationMs: Math.round(durationMs) }, status };
  return JSON.stringify({ time: new Date().toISOString(), type: 'platform.report', record });
}

function exitError(reason: string): InvokeFailure {
  return failed('Runtime.ExitError', `Runtime exited with error: ${reason}`);
}

function resultOf(message: FromSandbox & { kind: 'returned' | 'threw' }): InvokeResult {
  if (message.kind === 'returned') return { outcome: 'returned', payload: JSON.parse(message.payload) };
  return failed(message.errorType, message.errorMessage);
}
