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

/** The function's handler as Lambda shows it, for `_HANDLER` and for messages. */
export function handlerOf({ bundle, exportName }: Pick<LambdaFunction, 'bundle' | 'exportName'>): string {
  return `${bundle.replace(/^.*[/\\]|\.\w+$/g, '')}.${exportName}`;
}
