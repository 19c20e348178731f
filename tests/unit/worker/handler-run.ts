/** Runs a handler over the bytes of one object, whatever its address. */
import type { JobType } from '../../../domain/job/job-type.ts';
import { type Tried, tryHandler } from '../../../worker/harness.ts';
import type { Handler } from '../../../worker/work.ts';

/** @param chunks the object, as it arrives */
export function runHandler<Result>(
  handler: Handler<never>,
  type: JobType | undefined,
  input: object,
  chunks: readonly Uint8Array[],
): Promise<Tried<Result>> {
  if (type === undefined) throw new Error('The job type is not registered');
  const uris = Object.values(input).filter((value) => typeof value === 'string' && value.startsWith('s3://'));
  return tryHandler(handler, type, { input, objects: Object.fromEntries(uris.map((uri) => [uri, chunks])) });
}
