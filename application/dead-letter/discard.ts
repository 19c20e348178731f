/** A dead letter that must not run again. */
import { failedJob } from '../../domain/dead-letter/dead-letter.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import { parseRequest } from '../../domain/request/request.ts';
import type { Found, Visit } from '../../io/aws/dead-letters.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { fingerprintOf } from '../job/identity.ts';
import { type MarkPorts, markDiscarded } from './mark-discarded.ts';

export type Discarded = { readonly kind: 'discarded' } | { readonly kind: 'refused'; readonly why: string };

/**
 * Marks a failed job before its letter is removed, so that a copy of the letter has no effect. After a crash in
 * between, run the command again.
 */
export async function discard(
  visit: Pick<Visit, 'remove'>,
  found: Found,
  reason: string,
  /** Opened for the letter of a job alone: another one needs no table. */
  open: () => Promise<MarkPorts & { readonly jobs: Pick<JobStore, 'whole'> }>,
): Promise<Discarded> {
  if (found.letter.kind === 'failed') {
    const ports = await open();
    const job = await ports.jobs.get(found.letter.id);
    if (job === undefined) return { kind: 'refused', why: 'The table has no record of this job.' };
    // A letter that was edited, or that names a job of another tenant, is not that job's: it goes, and the job is not marked.
    if (!isLetterOf(await ports.jobs.whole(job), found.stored.body)) return remove(visit, found);
    const { verdict } = await markDiscarded(ports, job, reason);
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
