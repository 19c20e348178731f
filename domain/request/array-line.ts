/** One line of the object of an array: the input of a job, or why there is none. */
import { type Problem, problem } from '../errors.ts';
import type { Failure } from '../job/job.ts';
import type { JobType } from '../job/job-type.ts';
import { bytesOf, itemBytesOf, MAX_REQUEST_ITEM_BYTES } from '../size.ts';
import { contentOf } from './admission.ts';
import { itemRequest, placeRequest } from './array-admission.ts';
import { isObject } from './explain.ts';
import { readJson } from './json.ts';
import { type ArrayRequest, type JobRequest, MAX_BODY_BYTES } from './request.ts';

export interface LinePlace {
  readonly arrayId: string;
  /** From 0. */
  readonly index: number;
}

export type Line =
  | { readonly kind: 'item'; readonly request: JobRequest }
  /** Its job fails when it is made: one line that is wrong loses no other. */
  | { readonly kind: 'bad'; readonly request: JobRequest; readonly failure: Failure };

/** @param type absent: the stage has no such job type any more, which the step that runs the job finds */
export function readLine(
  text: string,
  { arrayId, index }: LinePlace,
  {
    request,
    type,
    bucket,
  }: { readonly request: ArrayRequest; readonly type: JobType | undefined; readonly bucket: string },
): Line {
  const bad = (why: Problem): Line => {
    const place = why.pointer.startsWith('/input') ? why.pointer.slice('/input'.length) : why.pointer;
    const message = `Line ${index + 1} of itemsRef${place === '' ? '' : ` at ${place}`}: ${why.message}`;
    const failure = { class: 'invalid_input' as const, code: 'array_line_invalid', message };
    return { kind: 'bad', request: placeRequest(request, arrayId, index), failure };
  };
  if (bytesOf(text) > MAX_BODY_BYTES)
    return bad(problem('body_too_large', '', `Expected at most ${MAX_BODY_BYTES} bytes.`));
  const json = readJson(text);
  if (json.kind === 'refused') return bad(json.problem);
  const input = json.value;
  if (!isObject(input) || Array.isArray(input))
    return bad(problem('field_type', '', 'Expected a JSON object.'));
  const asked = itemRequest(request, arrayId, { index, input: input as NonNullable<JobRequest['input']> }); // an object that was JSON
  if (itemBytesOf(asked) > MAX_REQUEST_ITEM_BYTES)
    return bad(
      problem(
        'body_too_large',
        '',
        `Expected at most ${MAX_REQUEST_ITEM_BYTES} bytes as DynamoDB counts them.`,
      ),
    );
  const unfit = contentOf(asked, type, bucket);
  return unfit === undefined ? { kind: 'item', request: asked } : bad(unfit);
}

/** A job of which nothing can run, now or later: there is no input to run it with. */
export const hasNoInput = ({ failure }: { readonly failure?: Failure | undefined }): boolean =>
  failure?.code === 'array_line_invalid';
