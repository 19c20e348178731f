/** A door behind a Function URL. */
import type { Hono } from 'hono';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import type { MeasuringLog } from '../io/process/log.ts';

/** What Lambda says beside the request. */
export interface FunctionUrl {
  readonly event: LambdaEvent;
}

/** @param log writes what was counted, before Lambda freezes the process */
export function functionUrlHandler(app: Hono<{ Bindings: FunctionUrl }>, log: Pick<MeasuringLog, 'flush'>) {
  const answer = handle(app);
  return async (...request: Parameters<typeof answer>) => {
    try {
      return await answer(...request);
    } finally {
      log.flush();
    }
  };
}
