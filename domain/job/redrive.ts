/** A failed job and its child. */
import { changed, type JobRecord } from './job.ts';

export type RedriveVerdict =
  /** Run it again, as the one child this parent can have. */
  | { readonly kind: 'child' }
  /** A copy of a dead letter that must not run: acknowledged and logged. */
  | { readonly kind: 'ignored'; readonly why: 'not_failed' | 'discarded' }
  /** The body differs from the request that failed. */
  | { readonly kind: 'conflict' };

/** @param fingerprint of the redriven body */
export function classifyRedrive(parent: JobRecord, tenantId: string, fingerprint: string): RedriveVerdict {
  if (parent.tenantId !== tenantId || parent.fingerprint !== fingerprint) return { kind: 'conflict' };
  if (parent.discarded !== undefined) return { kind: 'ignored', why: 'discarded' };
  return parent.state === 'failed' ? { kind: 'child' } : { kind: 'ignored', why: 'not_failed' };
}

/** The parent with its child's id, or undefined when it has it already. */
export function redrivenAs(parent: JobRecord, childId: string, nowMs: number): JobRecord | undefined {
  return parent.redrivenAs === childId ? undefined : changed(parent, { redrivenAs: childId }, nowMs);
}
