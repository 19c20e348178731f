/** What AWS bills, counted. */
import { logLineBytes } from './prices.ts';

/** For some number of jobs. */
export interface Counts {
  /** Requests that our code makes to AWS, and to Batch. What Lambda's pollers do is in the receives. */
  calls: number;
  /** DynamoDB's, with those of its indexes. */
  writeUnits: number;
  readUnits: number;
  /** On the bus of Headgate. */
  events: number;
  /** Put into a queue by our code or by a rule, beside those that a service sends. */
  messages: number;
  /** Messages that a function was given. */
  receives: number;
  /** Requests to SQS by all: sends of 64 KiB each, and one receive and one deletion for each batch. */
  queueRequests: number;
  invocations: number;
  keyRequests: number;
  logBytes: number;
  webhookBytes: number;
}

export const nothing = (): Counts => ({
  calls: 0,
  writeUnits: 0,
  readUnits: 0,
  events: 0,
  messages: 0,
  receives: 0,
  queueRequests: 0,
  invocations: 0,
  keyRequests: 0,
  logBytes: 0,
  webhookBytes: 0,
});

export function perJob(counts: Counts, jobs: number): Counts {
  const each = Object.entries(counts).map(([name, count]) => [name, count / jobs]);
  return { ...nothing(), ...Object.fromEntries(each) };
}

/** A log that is counted and not written. */
export function countingLog(counts: Counts, service: string) {
  const line = (event: string, facts: object = {}) => {
    counts.logBytes += logLineBytes(service, event, facts);
  };
  return { info: line, error: line };
}
