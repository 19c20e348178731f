/** What a handler of a job type gets, and how it reports that a job cannot be done. */
import type { Readable } from 'node:stream';
import type * as z from 'zod';
import type { Progress } from '../domain/job/lifecycle.ts';

type Json = z.infer<ReturnType<typeof z.json>>;

/** As the SDK of AWS takes them. */
export interface WorkCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** The SDK asks again shortly before. */
  readonly expiration: Date;
}

export interface Work {
  /** Reads objects of the tenant only. */
  readonly objects: {
    /** @throws ObjectMissing when there is none, or when the address is not the tenant's */
    read(uri: string): Promise<Readable>;
  };
  /** Writes one object of the result, once. The name is below a folder of this container's own. */
  write(
    name: string,
    content: Uint8Array | string,
    contentType: string,
  ): Promise<{ uri: string; bytes: number }>;
  /**
   * The newest credentials for the tenant's objects, for a client of S3 as `credentials`; undefined where the job type asks for none.
   * With them an object of the result is written with `IfNoneMatch: '*'`.
   */
  readonly credentials?: (() => Promise<WorkCredentials>) | undefined;
  /** Cheap to call often: it is written at most every few seconds. */
  progress(progress: Progress): void;
  /** Aborted when AWS Batch ends the container: a timeout, a cancel, reclaimed capacity. */
  readonly signal: AbortSignal;
}

/** @returns the job's result: small JSON; large data goes to objects, whose addresses are in it */
export type Handler<Input> = (input: Input, work: Work) => Promise<Json>;

/**
 * Exit code 64: the input cannot be used, and a retry would not help. The tenant sees `message`: it must contain no
 * data.
 */
export class NeverAgain extends Error {
  override readonly name = 'NeverAgain';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Exit code 75: a later attempt may succeed. */
export class TryLater extends Error {
  override readonly name = 'TryLater';
}
