/** What must hold of jobs that wait for others: they begin when all have come, and end without only if that cannot be. */
import { awaitedBy } from '../../application/job/identity.ts';
import { groupNamed } from '../../domain/dependency/dependency.ts';
import { type Found, type Verdict, verdictOn } from '../../domain/dependency/verdict.ts';
import type { Group, GroupName } from '../../domain/group/group.ts';
import { verdictOnGroup } from '../../domain/group/verdict.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import type { Run } from './faults.ts';
import type { OnCommit } from './table.ts';

const SKEW_MS = 1000;

interface Facts {
  found(jobId: string): Found;
  whole(job: JobRecord): WholeJob;
  group(name: GroupName): Group | undefined;
  membersOf(name: GroupName): readonly { readonly jobId: string }[];
  /** Whether a cancel has ever come before this job. */
  wasTombstoned(jobId: string): boolean;
}

export function graphChecks(run: Run, facts: Facts): OnCommit {
  return (process, before, after) => {
    if (before?.state !== 'blocked' || after.state === 'blocked') return;
    const violated = (rule: string, detail: string) =>
      run.violate(
        rule,
        `${process.name} wrote ${after.jobId} version ${after.version}: ${detail}`,
        after.jobId,
      );
    const awaited = awaitedBy(facts.whole(after));
    run.count(`left blocked for ${after.failure?.code ?? after.state}`);
    if (!isFinal(after.state)) {
      for (const { name, condition } of awaited) {
        const verdict = judged(facts, after, name, condition, run.world.nowMs());
        if (verdict.kind !== 'met') violated('D2', `released, and ${name} is ${verdict.kind}`);
      }
      return;
    }
    const { code } = after.failure ?? {};
    if (code === 'dependency_missing' && (after.dependencyTimeoutAt ?? 0) > run.world.nowMs() + SKEW_MS)
      violated('D5', 'given up before its time');
    if (code === 'dependency_cycle' && !isInCircle(facts, after)) violated('D4', 'it waits for no circle');
    if (after.failure?.root === undefined) return;
    // A redrive may have come since it was judged.
    const isBroken = awaited.some(({ name, condition }) => wasBroken(facts, after, name, condition));
    if (!isBroken) violated('D3', `ended by ${code}, and nothing that it waits for has ended so`);
  };
}

function judged(
  facts: Facts,
  { tenantId, onDependencyFailure }: JobRecord,
  jobId: string,
  condition: 'succeeded' | 'finished' | 'failed',
  nowMs: number,
): Verdict {
  const waiting = { tenantId, condition, holds: onDependencyFailure === 'hold', nowMs };
  const groupId = groupNamed(jobId);
  if (groupId !== undefined) return verdictOnGroup(facts.group({ tenantId, groupId }), groupId, waiting);
  const verdict = verdictOn(jobId, facts.found(jobId), waiting);
  return verdict.kind === 'redriven'
    ? judged(facts, { tenantId, onDependencyFailure } as JobRecord, verdict.jobId, condition, nowMs) // all that it reads
    : verdict;
}

function wasBroken(
  facts: Facts,
  job: JobRecord,
  jobId: string,
  condition: 'succeeded' | 'finished' | 'failed',
): boolean {
  if (facts.wasTombstoned(jobId)) return true;
  const groupId = groupNamed(jobId);
  // A later round may have ended otherwise.
  if (groupId !== undefined) return facts.group({ tenantId: job.tenantId, groupId })?.finish !== undefined;
  const found = facts.found(jobId);
  if (found.kind !== 'job' || found.job.tenantId !== job.tenantId) return false;
  const { redrivenAs, ...bare } = found.job;
  const waiting = { tenantId: job.tenantId, condition, holds: job.onDependencyFailure === 'hold', nowMs: 0 };
  const verdict = verdictOn(jobId, { kind: 'job', job: bare }, waiting);
  return (
    verdict.kind === 'broken' || (redrivenAs !== undefined && wasBroken(facts, job, redrivenAs, condition))
  );
}

function isInCircle(facts: Facts, job: JobRecord): boolean {
  const { tenantId } = job;
  const seen = new Set<string>();
  const leadingFrom = (name: string): string[] => {
    const groupId = groupNamed(name);
    if (groupId !== undefined) return facts.membersOf({ tenantId, groupId }).map(({ jobId }) => jobId);
    const found = facts.found(name);
    if (found.kind !== 'job') return [];
    const { redrivenAs } = found.job;
    const awaited = awaitedBy(facts.whole(found.job)).map((each) => each.name);
    return redrivenAs === undefined ? awaited : [...awaited, redrivenAs];
  };
  const next = leadingFrom(job.jobId);
  for (let name = next.pop(); name !== undefined; name = next.pop()) {
    if (name === job.jobId) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    next.push(...leadingFrom(name));
  }
  return false;
}
