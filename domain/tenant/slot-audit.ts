/** A comparison of a gate with the records. */
import { mustNotHold } from '../job/attempt.ts';
import type { JobRecord } from '../job/job.ts';
import { typeTagOf } from '../job/job-type.ts';
import type { Gate } from './gate.ts';
import { type Holder, holderName, holderOf } from './holder.ts';

export type Finding =
  /** A holder that needs no slot: its attempt is over or was submitted without one, or its record is gone. */
  | { readonly kind: 'leak'; readonly holder: Holder; readonly state: string }
  /** A job that says that it has a slot, and is no holder. */
  | { readonly kind: 'missing'; readonly holder: Holder; readonly state: string }
  /** More holders than a cap allows, as after it was lowered. No attempt acquires a slot until there are fewer. */
  | { readonly kind: 'above_cap'; readonly what: string; readonly inUse: number; readonly cap: number };

const HOLD: ReadonlySet<string> = new Set(['submitting', 'submitted', 'starting', 'running', 'cancelling']);

/** @param jobs of the holders, and all others of the tenant that may have a slot; by id */
export function auditGate(gate: Gate, jobs: ReadonlyMap<string, JobRecord>): Finding[] {
  const holders = new Set(gate.holders.map(holderName));
  const leaks = gate.holders.flatMap((holder): Finding[] => {
    const job = jobs.get(holder.jobId);
    if (job !== undefined && !mustNotHold(job, holder.attempt)) return [];
    return [{ kind: 'leak', holder, state: job?.state ?? 'gone' }];
  });
  const missing = [...jobs.values()].flatMap((job): Finding[] => {
    const holder = holderOf(job);
    const holds = HOLD.has(job.state) && job.hasSlot === true;
    return holds && !holders.has(holderName(holder)) ? [{ kind: 'missing', holder, state: job.state }] : [];
  });
  return [...leaks, ...missing, ...aboveCaps(gate)];
}

function aboveCaps({ holders, cap, typeCaps = {}, keyCap = 1 }: Gate): Finding[] {
  const keys = Map.groupBy(
    holders.filter(({ keyTag }) => keyTag !== undefined),
    ({ keyTag }) => keyTag,
  );
  const bounds = [
    ...(cap === undefined ? [] : [{ what: 'the tenant', inUse: holders.length, cap }]),
    ...Object.entries(typeCaps).map(([type, typeCap]) => ({
      what: type,
      inUse: holders.filter(({ typeTag }) => typeTag === typeTagOf(type)).length,
      cap: typeCap,
    })),
    ...[...keys.values()].map(({ length, 0: holder }) => ({
      what: 'a concurrency key',
      inUse: length,
      cap: holder?.keyCap ?? keyCap,
    })),
  ];
  return bounds.filter((bound) => bound.inUse > bound.cap).map((bound) => ({ kind: 'above_cap', ...bound }));
}

export function findingText(finding: Finding): string {
  if (finding.kind === 'above_cap') return `above cap  ${finding.what}: ${finding.inUse} of ${finding.cap}`;
  const { jobId, attempt } = finding.holder;
  return `${finding.kind.padEnd(9)}  ${jobId} attempt ${attempt}, which is ${finding.state}`;
}
