/**
 * The calls of the pollers of queues, which are in this process: without a client, a signature and a way over HTTP, which took
 * more time than the calls themselves.
 */
import { ApiError } from '../aws.ts';
import type { ApiCall } from '../gateway.ts';
import type { QueueCalls } from '../lambda/queue.ts';
import type { Fauxqs } from './fauxqs.ts';
import { handleQueueCall } from './queues.ts';

type Input = Readonly<Record<string, unknown>>;

/** @param onCall told of each call as the gateway tells of those that reach it */
export function pollerCalls(fauxqs: Fauxqs, onCall: ((call: ApiCall) => void) | undefined): QueueCalls {
  async function call(operation: string, input: Input): Promise<object> {
    const headers = { 'x-amz-target': `AmazonSQS.${operation}` };
    const { status, body } = await handleQueueCall(fauxqs, {
      method: 'POST',
      path: '/',
      headers,
      body: input,
    });
    onCall?.({
      service: 'sqs',
      action: operation,
      accessKeyId: 'local',
      requestBytes: Buffer.byteLength(JSON.stringify(input)),
    });
    const answer = body as { readonly __type?: string; readonly message?: string }; // as SQS answers
    if (status !== 200) throw new ApiError(answer.__type ?? 'UnknownError', answer.message ?? '', status);
    return answer;
  }
  return {
    async receive(input, signal) {
      signal.throwIfAborted();
      const aborted = Promise.withResolvers<never>();
      const abort = () => aborted.reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      try {
        // A poll that is given up may still take a message, as one over HTTP; it returns when its visibility timeout ends.
        return await Promise.race([call('ReceiveMessage', input), aborted.promise]);
      } finally {
        signal.removeEventListener('abort', abort);
      }
    },
    remove: (input) => call('DeleteMessageBatch', input),
  };
}
