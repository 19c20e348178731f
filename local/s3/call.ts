/** One call to S3 as the rules in this folder read it, and a refusal as S3 words it. */
import type { IncomingHttpHeaders } from 'node:http';

export interface S3Call {
  readonly method: string;
  readonly bucket: string;
  /** Empty for a call about the bucket itself. */
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  /** Of the request, of its trailer, and those that a presigned URL has in its query; names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** Without the framing of `aws-chunked`. */
  readonly body: Buffer;
}

export interface S3Refusal {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

export function headerOf({ headers }: S3Call, name: string): string | undefined {
  return headers[name]?.toString();
}

/** As S3 answers for a parameter that a bucket does not support. */
export function notImplemented(what: string): S3Refusal {
  return { code: 'NotImplemented', message: `not implemented here: ${what}`, status: 501 };
}
