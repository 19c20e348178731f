/** The input of a job: in the record, or behind `inputRef`; in both cases checked by the schema of the job type. */
import { text } from 'node:stream/consumers';
import type { JobRecord } from '../domain/job/job.ts';
import type { JobType } from '../domain/job/job-type.ts';
import { foreignObject, inputProblem } from '../domain/request/admission.ts';
import type { ObjectStore } from '../io/aws/objects.ts';
import { NeverAgain } from './work.ts';

/** @throws NeverAgain when it is not the JSON that the job type expects, or names another tenant's objects */
export async function loadInput(
  objects: Pick<ObjectStore, 'read'>,
  job: JobRecord,
  type: JobType,
  bucket: string,
): Promise<unknown> {
  if (job.inputRef === undefined) return type.input.parse(job.input);
  const input = await parsed(objects, job.inputRef);
  const found = foreignObject({ tenantId: job.tenantId, input }, bucket) ?? inputProblem(input, type);
  if (found !== undefined) throw new NeverAgain(found.code, `${found.pointer}: ${found.message}`);
  return type.input.parse(input);
}

async function parsed(objects: Pick<ObjectStore, 'read'>, uri: string): Promise<Record<string, never>> {
  const content = await text(await objects.read(uri));
  try {
    const value: unknown = JSON.parse(content);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, never>; // its fields are checked by the schema next
  } catch {
    // The sentence is the same: text that is not JSON and JSON that is not an object need the same repair.
  }
  throw new NeverAgain('input_invalid', 'The object behind inputRef is not a JSON object.');
}
