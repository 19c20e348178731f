/** A door behind a Function URL. */
import type { Hono } from 'hono';
import { handle, type LambdaEvent } from 'hono/aws-lambda';

/** What Lambda says beside the request. */
export interface FunctionUrl {
  readonly event: LambdaEvent;
}

export const functionUrlHandler = (app: Hono<{ Bindings: FunctionUrl }>) => handle(app);
