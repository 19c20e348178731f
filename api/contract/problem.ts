/** Refusals over HTTP. @see https://www.rfc-editor.org/rfc/rfc9457 */
import * as z from 'zod';
import { type ErrorCode, errorCatalogue, type Problem, statusOf } from '../../domain/errors.ts';

const DOCUMENTATION = 'https://github.com/headgate/headgate/blob/main/docs/using/errors.md';

export const ProblemBody = z.object({
  /** Where the code is explained. */
  type: z.url(),
  /** The meaning of the code. */
  title: z.string(),
  status: z.int(),
  /** Stable: programs decide by it. Later versions may have further codes. */
  code: z.string(),
  /** What was expected here, and what arrived. It never repeats a value. */
  detail: z.string(),
  /** The id of the request, which is in the log. */
  instance: z.string(),
  /** Whether the same request may help later. */
  retryable: z.boolean(),
  retryAfterSeconds: z.int().optional(),
  errors: z.array(
    z.object({
      /** A JSON pointer into the body, or a parameter as `/name`. */
      pointer: z.string(),
      code: z.string(),
      message: z.string(),
    }),
  ),
});
export type ProblemBody = z.infer<typeof ProblemBody>;

export function problemBody(
  { code, pointer, message }: Problem,
  requestId: string,
  retryAfterSeconds?: number,
): ProblemBody {
  return {
    type: `${DOCUMENTATION}#${anchorOf(code)}`,
    title: errorCatalogue[code].meaning,
    status: statusOf(code),
    code,
    detail: message,
    instance: requestId,
    retryable: errorCatalogue[code].instruction === 'retry',
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    errors: pointer === '' ? [] : [{ pointer, code, message }],
  };
}

const ANCHORS = {
  message: 'on-dead-letters',
  job: 'on-failed-jobs',
  endpoint: 'on-endpoints',
  request: 'on-requests',
  worker: 'on-calls-of-a-container',
} as const;

const anchorOf = (code: ErrorCode): string => ANCHORS[errorCatalogue[code].about];
