/** Sends spans to a collector by OTLP over HTTP. */
import { otlpOf } from '../../domain/trace/otlp.ts';
import type { Span } from '../../domain/trace/spans.ts';
import type { Log } from '../process/log.ts';

export interface Traces {
  /** The part of the jobs that are traced although their senders do not ask for it; 0 to 1. */
  readonly sampling: number;
  /** Never throws: a trace is worth no failure, and little waiting. */
  send(spans: readonly Span[]): Promise<void>;
}

/** Messages wait behind it. */
const TIMEOUT_MS = 2000;

/** @param endpoint the whole address, as in OTEL_EXPORTER_OTLP_TRACES_ENDPOINT; without one there are no traces */
export function traces(endpoint: string, sampling: number, log: Log): Traces | undefined {
  if (endpoint === '') return undefined;
  return {
    sampling,
    async send(spans) {
      if (spans.length === 0) return;
      try {
        const { ok, status, body } = await fetch(endpoint, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(otlpOf(spans)),
          redirect: 'error',
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        await body?.cancel();
        if (!ok) log.info('trace:send:failed', { why: `http_${status}`, count: spans.length });
      } catch (error) {
        const why = error instanceof Error ? error.name : 'unknown';
        log.info('trace:send:failed', { why, count: spans.length });
      }
    },
  };
}
