/**
 * Receipt handles. Those of fauxqs are bare UUIDs, and it takes any text for the handle of a message that is gone; ours
 * name their queue, so that a handle that SQS never gave out, or gave out for another queue, is refused.
 */
import * as z from 'zod';
import type { SqsQueue } from '../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import { ApiError } from '../aws.ts';
import { checkBatch } from './batches.ts';

const MAX_VISIBILITY_SECONDS = 43_200;
const HANDLE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const Deletion = z.object({ ReceiptHandle: z.string().min(1) });
const Change = Deletion.extend({ VisibilityTimeout: z.number() });
const Id = { Id: z.string() };
export const requests = {
  DeleteMessage: Deletion,
  DeleteMessageBatch: z.object({ Entries: z.array(Deletion.extend(Id)).default([]) }),
  ChangeMessageVisibility: Change,
  ChangeMessageVisibilityBatch: z.object({ Entries: z.array(Change.extend(Id)).default([]) }),
} as const;
type Deletion = z.infer<typeof Deletion>;
type Change = z.infer<typeof Change>;

/** Of messages in flight, which fauxqs knows by the end of their visibility alone. */
const receivedAtMs = new WeakMap<object, number>();

/** @param held a message in flight: from now on its visibility may last twelve hours, however often it is changed */
export function noteReceived(held: object): void {
  receivedAtMs.set(held, Date.now());
}

export function receiptFor({ name }: SqsQueue, handle: string): string {
  return Buffer.from(`${name} ${handle}`).toString('base64url');
}

/** @throws ReceiptHandleIsInvalid */
function handleIn({ name }: SqsQueue, receipt: string): string {
  const [queueName, handle = ''] = Buffer.from(receipt, 'base64url').toString().split(' ');
  if (queueName === name && HANDLE.test(handle)) return handle;
  const message = `The input receipt handle "${receipt.slice(0, 100)}" is not a valid receipt handle.`;
  throw new ApiError('ReceiptHandleIsInvalid', message);
}

/** Safe to run twice: a message that is gone counts as deleted. */
export function deleteMessage(queue: SqsQueue, { ReceiptHandle }: Deletion): object {
  queue.deleteMessage(handleIn(queue, ReceiptHandle));
  return {};
}

export function changeVisibility(queue: SqsQueue, { ReceiptHandle, VisibilityTimeout }: Change): object {
  if (
    !Number.isInteger(VisibilityTimeout) ||
    VisibilityTimeout < 0 ||
    VisibilityTimeout > MAX_VISIBILITY_SECONDS
  ) {
    throw new ApiError(
      'InvalidParameterValue',
      `Value ${VisibilityTimeout} for parameter VisibilityTimeout is invalid. Reason: VisibilityTimeout must be an integer between 0 and ${MAX_VISIBILITY_SECONDS}.`,
    );
  }
  const handle = handleIn(queue, ReceiptHandle);
  // One whose visibility has ended is in its queue again.
  queue.processTimers();
  if (!queue.inflightMessages.has(handle)) {
    const message = `Value ${ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`;
    throw new ApiError('MessageNotInflight', message);
  }
  const held = queue.inflightMessages.get(handle);
  const heldSeconds = Math.floor((Date.now() - (receivedAtMs.get(held ?? {}) ?? Date.now())) / 1000);
  if (heldSeconds + VisibilityTimeout > MAX_VISIBILITY_SECONDS)
    throw new ApiError(
      'InvalidParameterValue',
      `Value ${VisibilityTimeout} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond the limit [${MAX_VISIBILITY_SECONDS} seconds].`,
    );
  queue.changeVisibility(handle, VisibilityTimeout);
  return {};
}

/** Each entry succeeds or fails for itself. */
export function each<Entry extends { readonly Id: string }>(
  entries: readonly Entry[],
  carryOut: (entry: Entry) => unknown,
): object {
  checkBatch(entries);
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    const { Id } = entry;
    try {
      carryOut(entry);
      Successful.push({ Id });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      Failed.push({ Id, SenderFault: true, Code: error.name, Message: error.message });
    }
  }
  return { Successful, Failed };
}
