/**
 * Structured log lines: an event name `noun:verb:outcome` and the ids that identify the job. Never bodies or secrets.
 */
import { Logger } from '@aws-lambda-powertools/logger';
import { Fault } from '../../domain/fault.ts';
import type { Point } from '../../domain/metrics/metric.ts';
import type { Clock } from './clock.ts';
import { emfLines } from './emf.ts';

/** The only fields of a line. A field that is not here does not reach the log, whatever a caller passes. */
export interface LogFacts {
  readonly jobId?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly attempt?: number | undefined;
  readonly runId?: string | undefined;
  readonly endpointId?: string | undefined;
  readonly scheduleId?: string | undefined;
  readonly operationId?: string | undefined;
  readonly groupId?: string | undefined;
  readonly messageId?: string | undefined;
  readonly code?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly why?: string | undefined;
  /** The sender of a request over HTTP: the id of a key, or the ARN of an operator. */
  readonly by?: string | undefined;
  readonly count?: number | undefined;
  readonly durationMs?: number | undefined;
}

/** The names of LogFacts: the compiler cannot prevent a caller from passing more. */
const NAMES = Object.keys({
  jobId: true,
  tenantId: true,
  attempt: true,
  runId: true,
  endpointId: true,
  scheduleId: true,
  operationId: true,
  groupId: true,
  messageId: true,
  code: true,
  from: true,
  to: true,
  why: true,
  by: true,
  count: true,
  durationMs: true,
} satisfies Record<keyof LogFacts, true>) as (keyof LogFacts)[]; // exactly its keys, as the line above holds

/** An error is logged by its name and status alone. */
type Facts = LogFacts & { readonly error?: unknown };

export interface Log {
  /** @param counted what a metric counts of it; the line has what a metric has no room for, such as the tenant */
  info(event: string, facts?: Facts, counted?: readonly Point[]): void;
  /** For an event that an operator should look at. */
  error(event: string, facts?: Facts, counted?: readonly Point[]): void;
}

export interface MeasuringLog extends Log {
  count(points: readonly Point[]): void;
  /** Writes what was counted since the last time, at the end of each invocation. Never throws. */
  flush(): void;
}

export function createLog(serviceName: string): Log {
  const logger = new Logger({ serviceName });
  return {
    info: (event, facts = {}) => logger.info(event, known(facts)),
    error: (event, facts = {}) => logger.error(event, known(facts)),
  };
}

/** The log of a function: its metrics are lines of it. */
export function measuringLog(service: string, stage: string, clock: Clock): MeasuringLog {
  const log = createLog(service);
  const points: Point[] = [];
  const count = (counted: readonly Point[] = []) => void points.push(...counted);
  return {
    count,
    info(event, facts, counted) {
      count(counted);
      log.info(event, facts);
    },
    error(event, facts, counted) {
      count(counted);
      log.error(event, facts);
    },
    flush() {
      const lines = emfLines(points.splice(0), { atMs: clock.nowMs(), stage, service });
      try {
        for (const line of lines) process.stdout.write(`${line}\n`);
      } catch {
        // A number that cannot be written is worth less than the work of the invocation.
      }
    },
  };
}

function known({ error, ...given }: Facts): Record<string, string | number> {
  const facts = error === undefined ? given : { ...given, why: given.why ?? errorName(error) };
  const entries = NAMES.map((name) => [name, facts[name]] as const);
  return Object.fromEntries(entries.flatMap(([name, fact]) => (fact === undefined ? [] : [[name, fact]])));
}

/** An error of our own whose message quotes no value: it is logged whole. */
export abstract class SafeError extends Error {}

/** The message of an SDK error may quote the request; its name and status do not. */
export function errorName(error: unknown): string {
  if (error instanceof SafeError) return `${error.name}: ${error.message}`;
  if (!(error instanceof Error)) return error === undefined ? '' : 'unknown';
  if (error instanceof Fault) return error.item === undefined ? error.name : `${error.name} ${error.item}`;
  const status =
    '$metadata' in error &&
    typeof error.$metadata === 'object' &&
    error.$metadata !== null &&
    'httpStatusCode' in error.$metadata
      ? ` (HTTP ${String(error.$metadata.httpStatusCode)})`
      : '';
  return `${error.name}${status}`;
}
