/** The registry of job types. What it may contain is checked when it is built (`registry-check.ts`), not at each cold start. */
import type { JobType, JobTypes } from './job-type.ts';

/** @throws Error when two entries have the same id, since either would run the wrong code */
export function defineJobTypes(types: readonly JobType[]): JobTypes {
  const byId = new Map<string, JobType>(types.map((type) => [type.id, type]));
  if (byId.size !== types.length) throw new Error('job-types.ts: two job types have the same id');
  return byId;
}
