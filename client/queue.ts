/** The same submission by the front queue, for services that send thousands of jobs a second. */
import { type ArrayRequest, arrayBody } from './submissions.ts';
import type { SubmitOptions, WithInput } from './types.ts';

/** `new SQS(…)` of @aws-sdk/client-sqs is one. */
export interface QueueClient {
  sendMessage(message: {
    QueueUrl: string;
    MessageBody: string;
    MessageGroupId: string;
  }): Promise<{ MessageId?: string | undefined }>;
}

export interface JobsByQueue<Inputs> {
  /** @returns the id that the job will have; a message that cannot be a job becomes a dead letter */
  submit<Type extends keyof Inputs & string>(
    type: Type,
    request: WithInput<Inputs[Type]> & SubmitOptions,
  ): Promise<{ readonly id: string; readonly messageId: string | undefined }>;
  /** @returns the name that the array will have as a group; up to 256 KiB of inputs fit into one message */
  submitArray<Type extends keyof Inputs & string>(
    type: Type,
    request: ArrayRequest<Inputs[Type]>,
  ): Promise<{ readonly group: string; readonly messageId: string | undefined }>;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** As Headgate computes ids: the first 130 bits of SHA-256 in lower-case base32. */
async function nameOf(parts: readonly string[]): Promise<string> {
  const content = new TextEncoder().encode(parts.join('\0'));
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
  let name = '';
  for (let bit = 0; bit < 130; bit += 5) {
    const twoBytes = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0);
    name += ALPHABET[(twoBytes >> (11 - (bit & 7))) & 31];
  }
  return name;
}

export function jobsByQueue<Inputs>(tenant: string, queueUrl: string, sqs: QueueClient): JobsByQueue<Inputs> {
  async function send(request: object): Promise<string | undefined> {
    const { MessageId } = await sqs.sendMessage({
      QueueUrl: queueUrl,
      MessageBody: JSON.stringify({ specVersion: '1', tenantId: tenant, ...request }),
      // SQS serves the tenants of a queue in turn.
      MessageGroupId: tenant,
    });
    return MessageId;
  }
  return {
    async submit(jobType, request) {
      const messageId = await send({ jobType, ...request });
      return { id: `job_${await nameOf([tenant, request.idempotencyKey])}`, messageId };
    },
    async submitArray(jobType, request) {
      const messageId = await send(arrayBody(jobType, request));
      return { group: `arr_${await nameOf([tenant, 'array', request.idempotencyKey])}`, messageId };
    },
  };
}
