/** A member of a group: what its row says, and what its job means for the group. */
import type { Found } from '../dependency/verdict.ts';
import { isFinal } from '../job/job.ts';
import { binds } from '../job/tombstone.ts';
import type { MemberEnd } from './group.ts';

/**
 * Of a job that asked to be a member. Only the row decides, since the group may be closed at the same moment: `open` until its
 * intake or the walk has decided, `in` for a member, `out` for a job that came too late.
 */
export type Membership = 'open' | 'in' | 'out';

export interface Member {
  readonly jobId: string;
  readonly membership: Membership;
  /** When it asked. */
  readonly at: number;
}

export type MemberVerdict =
  | { readonly kind: 'pending' }
  | { readonly kind: 'redriven'; readonly jobId: string }
  | { readonly kind: 'ended'; readonly end: MemberEnd };

export interface Asking {
  readonly tenantId: string;
  readonly nowMs: number;
  /** Whether the time of the group is over, for jobs that have not come. */
  readonly hasTimedOut: boolean;
}

/** A job of another tenant is like one that never came. */
export function memberVerdict(found: Found, { tenantId, nowMs, hasTimedOut }: Asking): MemberVerdict {
  if (found.kind === 'tombstone' && binds(found.tombstone, tenantId, nowMs)) return ended('cancelled');
  if (found.kind !== 'job' || found.job.tenantId !== tenantId)
    return hasTimedOut ? ended('missing') : PENDING;
  const { state, redrivenAs } = found.job;
  if (redrivenAs !== undefined) return { kind: 'redriven', jobId: redrivenAs };
  return isFinal(state) && isEnd(state) ? ended(state) : PENDING;
}

const ENDS: readonly string[] = ['succeeded', 'failed', 'cancelled', 'expired'] satisfies MemberEnd[];
const isEnd = (state: string): state is MemberEnd => ENDS.includes(state);

const PENDING: MemberVerdict = { kind: 'pending' };
const ended = (end: MemberEnd): MemberVerdict => ({ kind: 'ended', end });
