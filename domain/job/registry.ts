/** The registry of job types, which refuses at start what could not work later. */
import { type JobType, type JobTypes, tagsClash } from './job-type.ts';
import { brokenPromise } from './policy-promises.ts';

/**
 * Builds the registry.
 *
 * @throws Error at start when two entries have the same id, since either would run the wrong code; when two ids have
 * the same tag in a gate; when a policy promises what cannot come true
 */
export function defineJobTypes(types: readonly JobType[]): JobTypes {
  const byId = new Map<string, JobType>(types.map((type) => [type.id, type]));
  if (byId.size !== types.length) throw new Error('job-types.ts: two job types have the same id');
  if (tagsClash([...byId.keys()]))
    throw new Error('job-types.ts: two job types have ids with the same tag; rename one of them');
  for (const type of types) {
    const broken = brokenPromise(type);
    if (broken !== undefined) throw new Error(`job-types.ts: ${type.id}: ${broken}`);
  }
  return byId;
}
