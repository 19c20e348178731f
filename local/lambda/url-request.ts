import type { IncomingHttpHeaders } from 'node:http';

/** One HTTP request as it came over the wire. */
export interface UrlRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of the signature, if there is one. */
  readonly signedBy: { readonly accessKeyId: string; readonly service: string } | undefined;
}
