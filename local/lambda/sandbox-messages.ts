/** The messages between the host and the process of a sandbox. Payloads travel as JSON text. */
import type { LambdaFunction } from './function.ts';

export type ToSandbox =
  /** The first message, once. */
  | { readonly kind: 'load'; readonly fn: Omit<LambdaFunction, 'environment'>; readonly offsetMs: number }
  /** After each move of the clock. */
  | { readonly kind: 'clock'; readonly offsetMs: number }
  /** One at a time. */
  | {
      readonly kind: 'call';
      readonly requestId: string;
      readonly tenantId?: string | undefined;
      readonly payload: string;
    };

export type FromSandbox =
  /** The bundle is imported. */
  | { readonly kind: 'ready' }
  /** The answer to a call. */
  | { readonly kind: 'returned'; readonly payload: string }
  | { readonly kind: 'threw'; readonly errorType: string; readonly errorMessage: string }
  /** The process ends now: the bundle cannot be imported, or an error was not caught. */
  | { readonly kind: 'crashed'; readonly importing: boolean; readonly reason: string };
