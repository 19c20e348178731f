/** The job definitions of a stack, one for each job type; the build makes them of `job-types.ts`. */
import * as z from 'zod';

/** No job type has an underscore, so two never share a name. */
export function definitionName(jobType: string): string {
  return jobType.replaceAll('.', '_');
}

/** Revisions alone, because Lambda takes 4 KB of environment in all and the names follow from the job types. */
export const JobDefinitions = z.object({
  prefix: z.string().min(1),
  revisions: z.record(z.string(), z.int().positive()),
});
export type JobDefinitions = z.infer<typeof JobDefinitions>;

/** `name:revision`; the newest revision for a job type that was not registered when the stack was deployed. */
export function definitionOf({ prefix, revisions }: JobDefinitions, jobType: string): string {
  const revision = revisions[jobType];
  const name = prefix + definitionName(jobType);
  return revision === undefined ? name : `${name}:${revision}`;
}

/** The function of a job type on Lambda. No stage has an underscore in its name, so that it is no function of another stage. */
export const functionOf = ({ prefix }: Pick<JobDefinitions, 'prefix'>, jobType: string): string =>
  prefix + definitionName(jobType);
