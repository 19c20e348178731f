/** Objects by the URLs that were signed for this container. */
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { SignedUpload } from '../domain/worker/calls.ts';

export class ObjectMissing extends Error {
  override readonly name = 'ObjectMissing';
}

export interface Transfer {
  /** @throws ObjectMissing */
  get(url: string, signal: AbortSignal): Promise<Readable>;
  put(upload: SignedUpload, content: Uint8Array | string): Promise<void>;
}

export class TransferFailed extends Error {
  override readonly name = 'TransferFailed';
}

const MAX_PUTS = 5;

export function httpTransfer(pause: (ms: number) => Promise<void>): Transfer {
  return {
    async get(url, signal) {
      const response = await fetch(url, { signal });
      // Without the right to list a bucket S3 answers 403 for a key that does not exist.
      if (response.status === 404 || response.status === 403) {
        await response.body?.cancel();
        throw new ObjectMissing('No such object');
      }
      if (!response.ok || response.body === null)
        throw new TransferFailed(`S3 answered ${response.status} to a read`);
      return Readable.fromWeb(response.body as ReadableStream<Uint8Array>); // the same streams, in the words of Node's types
    },

    async put({ url, headers }, content) {
      for (let made = 1; ; made++) {
        const status = await fetch(url, { method: 'PUT', headers: { ...headers }, body: content }).then(
          async (response) => {
            await response.body?.cancel();
            return response.status;
          },
          (error: unknown) => {
            if (made >= MAX_PUTS) throw error;
            return 503;
          },
        );
        // Objects are written once: the object is there when the answer to an earlier request was lost. `complete` compares it.
        if ((status >= 200 && status < 300) || status === 412) return;
        if (status < 500 || made >= MAX_PUTS) throw new TransferFailed(`S3 answered ${status} to a write`);
        await pause(200 * 2 ** made);
      }
    },
  };
}
