/** A dead letter that must not run again. */
import { failedJob } from '../../domain/dead-letter/dead-letter.ts';
import { discarding } from '../../domain/dead-letter/letter.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import { parseRequest } from '../../domain/request/request.ts';
import type { Found, Visit } from '../../io/aws/dead-letters.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { decideJob } from '../job/decide-job.ts';
import { fingerprintOf } from '../job/identity.ts';

export type Discarded = { readonly kind: 'discarded' } | { readonly kind: 'refused'; readonly why: string };

/**
 * Marks a failed job before its letter is removed, so that a copy of the letter has no effect. After a crash in
 * between, run the command again.
 */
export async function discard(
  visit: Pick<Visit, 'remove'>,
  found: Found,
  reason: string,
  ports: { readonly jobs: () => Promise<Pick<JobStore, 'get' | 'replace' | 'whole'>>; readonly clock: Clock },
): Promise<Discarded> {
  if (found.letter.kind === 'failed') {
    const jobs = await ports.jobs();
    const job = await jobs.get(found.letter.id);
    if (job === undefined) return { kind: 'refused', why: 'The table has no record of this job.' };
    // A letter that was edited, or that names a job of another tenant, is not that job's: it goes, and the job is not marked.
    if (!isLetterOf(await jobs.whole(job), found.stored.body)) return remove(visit, found);
    const nowMs = ports.clock.nowMs();
    const { verdict } = await decideJob(jobs, job, (current) => {
      const verdict = discarding(current, reason, nowMs);
      return { verdict, next: verdict.kind === 'discard' ? verdict.job : undefined };
    });
    if (verdict.kind === 'refused') return verdict;
  }
  return remove(visit, found);
}

/** By its text, or by what it asks for: another version may have written the same request in another order. */
function isLetterOf(job: WholeJob, body: string): boolean {
  if (body === failedJob(job).body) return true;
  const parsed = parseRequest(body);
  return (
    parsed.kind === 'submit' &&
    parsed.request.tenantId === job.tenantId &&
    fingerprintOf(parsed.request) === job.fingerprint
  );
}

async function remove(visit: Pick<Visit, 'remove'>, found: Found): Promise<Discarded> {
  await visit.remove(found);
  return { kind: 'discarded' };
}
