/** An array from a sender that waits for the answer, by the admission of the front queue. */
import type { Group } from '../../domain/group/group.ts';
import type { ParsedArray } from '../../domain/request/request.ts';
import { type ArrayPorts, takeArray } from '../group/array.ts';
import { circumstancesOf } from '../intake/admission.ts';
import type { Refused } from './refused.ts';
import { knownOfTenant, type SubmitJobPorts } from './submit-job.ts';

export type SubmitArrayPorts = ArrayPorts & SubmitJobPorts;

export type SubmittedArray =
  /** `isNew`: this request has recorded it. */
  { readonly kind: 'submitted'; readonly group: Group; readonly isNew: boolean } | Refused;

/**
 * @returns a function for one request, whose key the parser has made sure of. @throws when the table does not answer: the same
 *   request may be sent again
 */
export function submitArray(ports: SubmitArrayPorts): (parsed: ParsedArray) => Promise<SubmittedArray> {
  const known = knownOfTenant(ports);
  return async (parsed) => {
    if (parsed.kind === 'refused') return parsed;
    const { request } = parsed;
    const { tenantId, idempotencyKey = '' } = request;
    const circumstances = circumstancesOf(ports, await known(tenantId), tenantId);
    const taken = await takeArray(ports, request, idempotencyKey, circumstances);
    return taken.kind === 'refused' ? taken : { ...taken, kind: 'submitted' };
  };
}
