/** Spans as OTLP says them in JSON. @see https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
import type { Span } from './spans.ts';

const KINDS = { internal: 1, client: 3, consumer: 5 } as const;
const ERROR = 2;

export function otlpOf(spans: readonly Span[]): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ 'service.name': 'headgate' }) },
        scopeSpans: [{ scope: { name: 'headgate' }, spans: spans.map(otlpSpan) }],
      },
    ],
  };
}

function otlpSpan({
  traceId,
  spanId,
  parentSpanId,
  name,
  kind,
  startMs,
  endMs,
  attributes,
  error,
}: Span): object {
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: KINDS[kind],
    startTimeUnixNano: nanos(startMs),
    endTimeUnixNano: nanos(endMs),
    attributes: attributesOf(attributes),
    ...(error === undefined ? {} : { status: { code: ERROR, message: error } }),
  };
}

/** As text: JSON's numbers are too short for it. */
const nanos = (ms: number): string => `${Math.round(ms)}000000`;

function attributesOf(attributes: Span['attributes']): object[] {
  return Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
}
