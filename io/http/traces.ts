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

/** @returns the headers of the request, with the signature */
export type SignTraces = (
  endpoint: string,
  headers: Readonly<Record<string, string>>,
  body: string,
) => Promise<Readonly<Record<string, string>>>;

export interface TracesTarget {
  /** The whole address; empty: there are no traces. */
  readonly OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: string;
  readonly TRACE_SAMPLING: number;
}

const JSON_HEADERS = { 'content-type': 'application/json' };

/** @param sign absent: the collector asks for no signature */
export function traces(target: TracesTarget, sign: SignTraces | undefined, log: Log): Traces | undefined {
  const { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint, TRACE_SAMPLING: sampling } = target;
  if (endpoint === '') return undefined;
  return {
    sampling,
    async send(spans) {
      if (spans.length === 0) return;
      try {
        const text = JSON.stringify(otlpOf(spans));
        const { ok, status, body } = await fetch(endpoint, {
          method: 'POST',
          headers: sign === undefined ? JSON_HEADERS : await sign(endpoint, JSON_HEADERS, text),
          body: text,
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
