/** Whether an array may become jobs, and the request of each. */
import { type Problem, problem } from '../errors.ts';
import { arrayKey, itemKey } from '../group/array.ts';
import { type Admission, admit, type Circumstances } from './admission.ts';
import type { ArrayRequest, JobRequest } from './request.ts';

/**
 * An array is admitted whole or not at all: the waiting quota has room for each of its jobs, and each input fits. One whose items
 * are in an object is judged by what its request says; its lines are judged one by one when they are read.
 *
 * @param arrayId its jobs are members of this group
 */
export function admitArray(request: ArrayRequest, arrayId: string, known: Circumstances): Admission {
  const { items = [], itemsRef } = request.array;
  if (itemsRef !== undefined) return admitObject(request, itemsRef, known);
  const circumstances = { ...known, waiting: known.waiting + items.length - 1 };
  let admitted: Admission | undefined;
  for (const [index, input] of items.entries()) {
    admitted = admit(itemRequest(request, arrayId, { index, input }), circumstances);
    if (admitted.kind === 'refused') return { kind: 'refused', problem: ofItem(admitted.problem, index) };
  }
  return (
    admitted ?? {
      kind: 'refused',
      problem: problem('array_empty', '/array/items', 'Expected at least one item.'),
    }
  );
}

function admitObject(
  { array: _, action: __, ...request }: ArrayRequest,
  itemsRef: string,
  known: Circumstances,
): Admission {
  const admission = admit({ ...request, inputRef: itemsRef }, known, 'later');
  if (admission.kind === 'admitted' || admission.problem.pointer !== '/inputRef') return admission;
  const { code, message } = admission.problem;
  return { kind: 'refused', problem: problem(code, '/array/itemsRef', message) };
}

/** What is wrong with the input of a job is wrong with an item of the array. */
function ofItem({ code, pointer, message }: Problem, index: number): Problem {
  if (pointer !== '/input' && !pointer.startsWith('/input/')) return { code, pointer, message };
  const place = `/array/items/${index}${pointer.slice('/input'.length)}`;
  return problem(code === 'input_invalid' ? 'array_item_invalid' : code, place, message);
}

export interface ArrayItem {
  /** Its place in the array, from 0. */
  readonly index: number;
  readonly input: NonNullable<JobRequest['input']>;
}

/** The request that the job of one item would have been sent with. */
export function itemRequest(request: ArrayRequest, arrayId: string, { index, input }: ArrayItem): JobRequest {
  return { ...placeRequest(request, arrayId, index), input };
}

/** The same without its input. */
export function placeRequest(
  { array, idempotencyKey: _, action: __, ...request }: ArrayRequest,
  arrayId: string,
  index: number,
): JobRequest {
  const key = array.concurrency === undefined ? {} : { concurrencyKey: arrayKey(arrayId) };
  return { ...request, ...key, idempotencyKey: itemKey(arrayId, index), group: arrayId };
}
