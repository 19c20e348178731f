/**
 * List prices of AWS in us-east-1, in dollars, as published on 24 November 2026, without the free tier.
 * @see https://aws.amazon.com/dynamodb/pricing/on-demand/
 * @see https://aws.amazon.com/eventbridge/pricing/
 * @see https://aws.amazon.com/sqs/pricing/
 * @see https://aws.amazon.com/lambda/pricing/
 */
import type { Counts } from './meter.ts';

export const PRICES_OF = '2026-11-24';

const MILLION = 1_000_000;
const GB = 1_000_000_000;

const PRICES = {
  writeUnit: 0.625 / MILLION,
  readUnit: 0.125 / MILLION,
  event: 1 / MILLION,
  queueRequest: 0.4 / MILLION,
  keyRequest: 3 / MILLION,
  invocation: 0.2 / MILLION,
  /** On arm64. */
  gigabyteSecond: 0.0000133334,
  logByte: 0.5 / GB,
  egressByte: 0.09 / GB,
} as const;

/** As in serverless.yml. */
const FUNCTION_GB = 0.5;
/** Not a count: a batch of messages took 60 to 160 ms in runs over the embedded cloud, most of it waiting. */
const INVOCATION_SECONDS = 0.1;
/** The lines START, END and REPORT of an invocation. */
const PLATFORM_LOG_BYTES = 350;
/** What Powertools adds to each line: level, time, sampling rate, trace id. */
const LOG_ENVELOPE_BYTES = 130;

export const logLineBytes = (service: string, event: string, facts: object): number =>
  LOG_ENVELOPE_BYTES + JSON.stringify({ service, message: event, ...facts }).length;

export type Bill = Readonly<Record<'writes' | 'reads' | 'events' | 'queues' | 'functions' | 'rest', number>>;

/** Dollars for what was counted. */
export function billOf(counts: Counts): Bill {
  const gigabyteSeconds = counts.invocations * INVOCATION_SECONDS * FUNCTION_GB;
  const logBytes = counts.logBytes + counts.invocations * PLATFORM_LOG_BYTES;
  return {
    writes: counts.writeUnits * PRICES.writeUnit,
    reads: counts.readUnits * PRICES.readUnit,
    events: counts.events * PRICES.event,
    queues: counts.queueRequests * PRICES.queueRequest,
    functions: counts.invocations * PRICES.invocation + gigabyteSeconds * PRICES.gigabyteSecond,
    rest:
      counts.keyRequests * PRICES.keyRequest +
      logBytes * PRICES.logByte +
      counts.webhookBytes * PRICES.egressByte,
  };
}

export const dollarsOf = (bill: Bill): number => Object.values(bill).reduce((sum, part) => sum + part, 0);
