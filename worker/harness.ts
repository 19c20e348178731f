/** Runs a handler over objects in memory, as a container would and without a cloud: for the tests of a handler. */
import { Readable } from 'node:stream';
import type { JobType } from '../domain/job/job-type.ts';
import type { Progress } from '../domain/job/lifecycle.ts';
import { inputProblem } from '../domain/request/admission.ts';
import { ObjectName } from '../domain/worker/names.ts';
import { resultOf } from './result.ts';
import { ObjectMissing } from './transfer.ts';
import { type Handler, NeverAgain } from './work.ts';

type Content = Uint8Array | string;

export interface Given {
  readonly input: object;
  /** By address, whole or in the pieces in which it arrives. An address that is not here is an object that does not exist. */
  readonly objects?: Readonly<Record<string, Content | readonly Uint8Array[]>>;
  readonly signal?: AbortSignal;
}

export interface Tried<Result> {
  readonly result: Result;
  /** Objects by name, the result itself included if the record has no room for it. */
  readonly written: ReadonlyMap<string, Content>;
  readonly progress: readonly Progress[];
}

/**
 * The input is checked by the schema of the job type, objects are written once and under the names that a container may use, and the
 * result must be JSON that Headgate keeps.
 *
 * @throws what the handler throws, and NeverAgain for an input or a result that is refused
 */
export async function tryHandler<Result>(
  handler: Handler<never>,
  type: JobType,
  { input, objects = {}, signal = new AbortController().signal }: Given,
): Promise<Tried<Result>> {
  const found = inputProblem(input, type);
  if (found !== undefined) throw new NeverAgain(found.code, `${found.pointer}: ${found.message}`);
  const written = new Map<string, Content>();
  const progress: Progress[] = [];
  const write = async (name: string, content: Content) => {
    if (!ObjectName.safeParse(name).success || written.has(name))
      throw new Error(
        `Expected a new name of letters, digits, points, dashes and underscores, found ${name}`,
      );
    written.set(name, content);
    return { uri: `s3://jobs/results/${name}`, bytes: Buffer.byteLength(content) };
  };
  const read = async (uri: string) => {
    const content = objects[uri];
    if (content === undefined) throw new ObjectMissing('No such object');
    return Readable.from(Array.isArray(content) ? content : [content]);
  };
  const work = {
    objects: { read },
    write,
    progress: (report: Progress) => void progress.push(report),
    signal,
  };
  const value = await handler(type.input.parse(input) as never, work); // parsed by this job type's own schema
  await resultOf(value, write);
  return { result: value as Result, written, progress }; // the caller knows its handler
}
