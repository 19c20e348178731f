/** What the embedded services share: the shape of a call, of a refusal and of an EventBridge event. */

export const ACCOUNT_ID = '000000000000';

/** One parsed API call. `path` has no query string; `body` is parsed JSON, or `{}` when there was none. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A call whose content may be anything; its `body` has the parameters of the query alone, each with a list. */
export interface PayloadRequest extends ApiRequest {
  readonly payload: string;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** The service did its work, but the caller must never hear of it: the socket is cut instead. */
  readonly lost?: boolean;
}

/** A refusal as AWS words it. `name` is the code that a typed SDK client turns into an exception class. */
export class ApiError extends Error {
  readonly status: number;
  /** Further members of the error, such as the item that did not meet a condition. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(name: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = name;
    this.status = status;
    this.members = members;
  }
}

/** The EventBridge envelope. `time` is ISO 8601 in UTC with whole seconds, as AWS sends it. */
export interface AwsEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}
