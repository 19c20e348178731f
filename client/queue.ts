/** The same submission by the front queue, for services that send thousands of jobs a second. */
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
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** As Headgate computes it: the first 130 bits of SHA-256 in lower-case base32. */
async function jobIdOf(tenantId: string, idempotencyKey: string): Promise<string> {
  const content = new TextEncoder().encode(`${tenantId}\0${idempotencyKey}`);
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
  let name = '';
  for (let bit = 0; bit < 130; bit += 5) {
    const twoBytes = ((bytes[bit >> 3] ?? 0) << 8) | (bytes[(bit >> 3) + 1] ?? 0);
    name += ALPHABET[(twoBytes >> (11 - (bit & 7))) & 31];
  }
  return `job_${name}`;
}

export function jobsByQueue<Inputs>(tenant: string, queueUrl: string, sqs: QueueClient): JobsByQueue<Inputs> {
  return {
    async submit(jobType, request) {
      const message = { specVersion: '1', tenantId: tenant, jobType, ...request };
      const { MessageId: messageId } = await sqs.sendMessage({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify(message),
        // SQS serves the tenants of a queue in turn.
        MessageGroupId: tenant,
      });
      return { id: await jobIdOf(tenant, request.idempotencyKey), messageId };
    },
  };
}
