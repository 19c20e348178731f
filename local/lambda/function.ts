/** A function as the host knows it, and the result of a call. */

export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  /** Absolute path of the bundle, an ES module. */
  readonly bundle: string;
  readonly exportName: string;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Each call names a tenant, and no sandbox serves two of them. */
  readonly isolatesTenants?: boolean | undefined;
  /** Where what it prints goes beside the console of this machine; absent: nowhere. */
  readonly log?: { readonly group: string; readonly format: 'JSON' | 'Text' } | undefined;
  /** The queue for events on which the function failed for good. */
  readonly deadLetterQueueArn?: string | undefined;
}

export interface InvokeFailure {
  readonly outcome: 'failed';
  readonly errorType: string;
  readonly errorMessage: string;
}

/** `payload` has been through JSON, as on AWS: values that JSON cannot express are not in it. */
export type InvokeResult = { readonly outcome: 'returned'; readonly payload: unknown } | InvokeFailure;

/** A failure as Lambda words it. */
export function failed(errorType: string, errorMessage: string): InvokeFailure {
  return { outcome: 'failed', errorType, errorMessage };
}

/** What a call has beside its payload. */
export interface CallFacts {
  /** The same for each try of an asynchronous invocation; a new one when absent. */
  readonly requestId?: string | undefined;
  /** For a function that isolates tenants, and for no other. */
  readonly tenantId?: string | undefined;
}

/** The function's handler as Lambda shows it, for `_HANDLER` and for messages. */
export function handlerOf({ bundle, exportName }: Pick<LambdaFunction, 'bundle' | 'exportName'>): string {
  return `${bundle.replace(/^.*[/\\]|\.\w+$/g, '')}.${exportName}`;
}
