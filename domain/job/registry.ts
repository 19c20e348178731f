/** The registry of job types. What it may contain is checked when it is built (`registry-check.ts`), not at each cold start. */
import type * as z from 'zod';
import type { JobType, JobTypes } from './job-type.ts';

/** What may be given as the input of each job type. It is a type alone: clients read it of `typeof jobTypes`. */
export interface WithInputs<Types extends readonly JobType[]> {
  readonly '~inputs'?: { readonly [Type in Types[number] as Type['id']]: z.input<Type['input']> };
}

/** @throws Error when two entries have the same id, since either would run the wrong code */
export function defineJobTypes<const Types extends readonly JobType[]>(
  types: Types,
): JobTypes & WithInputs<Types> {
  const byId = new Map<string, JobType>(types.map((type) => [type.id, type]));
  if (byId.size !== types.length) throw new Error('job-types.ts: two job types have the same id');
  return byId;
}
