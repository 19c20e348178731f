/** A run on Lambda: the same work as in a container, for the time that the job has and with a word for its end. */
import { setTimeout as pause } from 'node:timers/promises';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { FUNCTION_MARGIN_SECONDS, functionRunId } from '../domain/executor/executor.ts';
import type { PacingClock } from '../io/process/clock.ts';
import type { Log } from '../io/process/log.ts';
import type { Random } from '../io/process/random.ts';
import { invoking, patient } from './api.ts';
import { type Assignment, exitCode, OutOfTime, run, type WorkerPorts } from './run.ts';
import { httpTransfer } from './transfer.ts';

/** What submit invokes the function with. */
const Payload = z.object({ ticket: z.string(), timeoutSeconds: z.number() });

/** What Lambda tells of an invocation. */
export interface Invocation {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export interface Opened extends Pick<WorkerPorts, 'handlerOf' | 'types'> {
  readonly workerApi: { readonly client: LambdaClient; readonly functionName: string };
  readonly clock: PacingClock;
  readonly random: Random;
  readonly log: Log;
}

/** A sandbox runs one job at a time, and its tenant's alone. */
export function invoked({ workerApi, clock, random, log, handlerOf, types }: Opened) {
  const ports: WorkerPorts = {
    api: patient(invoking(workerApi.client, workerApi.functionName), clock, log),
    transfer: httpTransfer((ms) => pause(ms)),
    handlerOf,
    types,
    clock,
    log,
    stderr: process.stderr,
  };
  return invocations(ports, random.token);
}

export function invocations(ports: WorkerPorts, nonce: () => string) {
  return async (event: unknown, { awsRequestId, getRemainingTimeInMillis }: Invocation): Promise<void> => {
    const { ticket, timeoutSeconds } = Payload.parse(event);
    const me: Assignment = { ticket, runId: functionRunId(awsRequestId), try: 1, nonce: nonce() };
    const leftMs = getRemainingTimeInMillis() - FUNCTION_MARGIN_SECONDS * 1000;
    const ending = new AbortController();
    const timer = setTimeout(
      () => ending.abort(new OutOfTime('The time of the attempt is over')),
      Math.max(0, Math.min(timeoutSeconds * 1000, leftMs)),
    );
    try {
      const code = await run(inLogOf(ports, awsRequestId), me, ending.signal);
      ports.log.info('worker:run:ended', { runId: me.runId, code: nameOf(code) });
    } finally {
      clearTimeout(timer);
    }
  };
}

/**
 * A sandbox has one log for many runs, so each line names its own: what was thrown is one line of JSON, which Lambda leaves as it is, and
 * not one for each line of a stack.
 */
function inLogOf(ports: WorkerPorts, requestId: string): WorkerPorts {
  const { log, stderr, clock } = ports;
  const runId = functionRunId(requestId);
  return {
    ...ports,
    log: {
      info: (event, facts, counted) => log.info(event, { runId, ...facts }, counted),
      error: (event, facts, counted) => log.error(event, { runId, ...facts }, counted),
    },
    stderr: {
      write(text) {
        const timestamp = new Date(clock.nowMs()).toISOString();
        stderr.write(
          `${JSON.stringify({ timestamp, level: 'ERROR', requestId, message: text.trimEnd() })}\n`,
        );
      },
    },
  };
}

const nameOf = (code: number): string =>
  Object.entries(exitCode).find(([, each]) => each === code)?.[0] ?? String(code);
