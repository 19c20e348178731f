/**
 * The parts of a request that may be large and that no step changes. DynamoDB charges each write by the size of the whole item,
 * and a record is written at each step; so large parts are in an item of their own, written once, and the record has a mark in
 * their place.
 */
import * as z from 'zod';
import { AcceptedDependency } from '../dependency/dependency.ts';
import { itemBytesOf } from '../size.ts';
import { JsonObject } from './ids.ts';
import { APART, type JobRecord } from './job.ts';

export const Parts = z.object({
  input: JsonObject.optional(),
  metadata: JsonObject.optional(),
  dependsOn: z.array(AcceptedDependency).optional(),
});
export type Parts = z.infer<typeof Parts>;

/** A record with its metadata, which events carry. */
export type WithMetadata = JobRecord & Pick<Parts, 'metadata'>;
/** A record with all that its request had. */
export type WholeJob = JobRecord & Parts;

export const hasMetadata = (job: JobRecord): job is WithMetadata => job.metadata !== APART;
export const isWhole = (job: JobRecord): job is WholeJob =>
  job.input !== APART && hasMetadata(job) && job.dependsOn !== APART;

/** One write unit, in bytes. */
const UNIT_BYTES = 1024;
/** What a job that succeeds with its first attempt adds to its record. */
const GROWTH_BYTES = 270;
/** So little may stay, however large the rest is: an item of its own costs a unit, too. */
const MIN_BYTES = 128;

export interface Split {
  readonly record: JobRecord;
  /** Absent: they are in the record. */
  readonly parts?: Parts;
}

/**
 * The record as it is stored. The largest part goes first, and the others stay if the record then has room for what the steps
 * add: what is in the record needs no second read.
 */
export function split(job: WholeJob): Split {
  const { input, metadata, dependsOn, ...rest } = job;
  const room = Math.max(MIN_BYTES, UNIT_BYTES - GROWTH_BYTES - itemBytesOf(rest));
  const sized = Object.entries({ input, metadata, dependsOn })
    .map(([name, part]) => ({ name, part, bytes: part === undefined ? 0 : itemBytesOf(part) }))
    .toSorted((a, b) => b.bytes - a.bytes);
  let left = sized.reduce((sum, { bytes }) => sum + bytes, 0);
  const out = sized.filter(({ bytes }) => {
    const goes = left > room;
    if (goes) left -= bytes;
    return goes;
  });
  if (out.length === 0) return { record: job };
  return {
    record: { ...job, ...Object.fromEntries(out.map(({ name }) => [name, APART])) },
    parts: Object.fromEntries(out.map(({ name, part }) => [name, part])),
  };
}

/** @param parts those of this job's request, which has each part that the record marks */
export function joined(job: JobRecord, parts: Parts): WholeJob {
  const { input, metadata, dependsOn, ...rest } = job;
  const whole = {
    input: input === APART ? parts.input : input,
    metadata: metadata === APART ? parts.metadata : metadata,
    dependsOn: dependsOn === APART ? parts.dependsOn : dependsOn,
  };
  return {
    ...rest,
    ...(whole.input === undefined ? {} : { input: whole.input }),
    ...(whole.metadata === undefined ? {} : { metadata: whole.metadata }),
    ...(whole.dependsOn === undefined ? {} : { dependsOn: whole.dependsOn }),
  };
}
