/** What becomes of a failed job that is not run again. */
import { ready } from '../../api/call.ts';
import type { Job } from '../../api/schema.ts';

/** One that failed, and that no operator has dealt with. */
export const isOpenFailure = ({ state, redrivenAs, discardedAt }: Job): boolean =>
  state === 'failed' && redrivenAs === undefined && discardedAt === undefined;

export const discarding = (jobId: string, reason: string) =>
  ready('post /v1/jobs/{jobId}/discard', { path: { jobId }, body: { reason } });
