/** What doors count of what they refuse, by the status of the answer. */
import type { ErrorCode } from '../errors.ts';
import { RequestsDenied, WorkerCallsRefused } from './catalogue.ts';
import { one, type Point } from './metric.ts';

/** A credential that does not hold, and one that does not allow what is asked. @returns nothing for any other answer */
export function denied(status: number): Point[] {
  if (status === 401) return [one(RequestsDenied, { refusal: 'credential' })];
  return status === 403 ? [one(RequestsDenied, { refusal: 'forbidden' })] : [];
}

/** The codes of containers are few enough to be a dimension. */
export const refusedCall = ({
  status,
  code,
}: {
  readonly status: number;
  readonly code: ErrorCode;
}): Point[] => [one(WorkerCallsRefused, { reason: code }), ...denied(status)];
