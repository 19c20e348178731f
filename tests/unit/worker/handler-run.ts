/** Runs a handler over real bytes, without a cloud. */
import { Readable } from 'node:stream';
import type { JobType } from '../../../domain/job/job-type.ts';
import type { Handler, Work } from '../../../worker/work.ts';

export interface Ran<Result> {
  readonly result: Result;
  readonly written: ReadonlyMap<string, Uint8Array | string>;
}

/** @param chunks the object, as it arrives */
export async function runHandler<Result>(
  handler: Handler<never>,
  type: JobType | undefined,
  input: object,
  chunks: readonly Uint8Array[],
): Promise<Ran<Result>> {
  if (type === undefined) throw new Error('The job type is not registered');
  const written = new Map<string, Uint8Array | string>();
  const work: Work = {
    objects: { read: async () => Readable.from(chunks) },
    write: async (name, content) => {
      written.set(name, content);
      return { uri: `s3://jobs/results/${name}`, bytes: Buffer.byteLength(content) };
    },
    progress: () => undefined,
    signal: new AbortController().signal,
  };
  const result = await handler(type.input.parse(input) as never, work); // as the worker calls it
  return { result: result as Result, written }; // the caller knows its handler
}
