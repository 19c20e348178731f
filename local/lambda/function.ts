/** What a function is to the host, and what passes between the host and the thread that runs it. */

export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  /** Absolute path of the bundle, an ES module. */
  readonly bundle: string;
  readonly exportName: string;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly environment: Readonly<Record<string, string>>;
}

export interface InvokeFailure {
  readonly outcome: 'failed';
  readonly errorType: string;
  readonly errorMessage: string;
}

/** `payload` has been through JSON, as on AWS: what JSON cannot say is not in it. */
export type InvokeResult = { readonly outcome: 'returned'; readonly payload: unknown } | InvokeFailure;

/** What a thread is started with. */
export interface ThreadSetup extends Omit<LambdaFunction, 'environment'> {
  readonly clock: SharedArrayBuffer;
}

/** Host to thread: one at a time. Payloads travel as JSON text. */
export interface Call {
  readonly requestId: string;
  readonly payload: string;
}

/** Thread to host: `ready` once the bundle is imported, then one answer for each call. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'returned'; readonly payload: string }
  | { readonly kind: 'threw'; readonly errorType: string; readonly errorMessage: string };

/** What Lambda shows as the function's handler, for `_HANDLER` and for messages. */
export function handlerOf({ bundle, exportName }: Pick<LambdaFunction, 'bundle' | 'exportName'>): string {
  return `${bundle.replace(/^.*[/\\]|\.\w+$/g, '')}.${exportName}`;
}
