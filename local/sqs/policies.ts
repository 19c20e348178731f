/** The policy of a queue, which decides what the services of AWS may do with it. */
import { letsService, PolicyDocument } from '../resource-policy.ts';
import type { Fauxqs } from './fauxqs.ts';

/**
 * Whether a service may send to a queue for the resource with this ARN.
 * @param service such as `events.amazonaws.com`
 */
export function queueAccess(
  { queues }: Pick<Fauxqs, 'queues'>,
  queueArn: string,
  service: string,
  sourceArn: string,
): 'allowed' | 'denied' | 'missing' {
  const queue = queues.getQueueByArn(queueArn);
  if (queue === undefined) return 'missing';
  const document = policyFrom(queue.getAttribute('Policy'));
  if (document === undefined) return 'denied';
  const access = { service, action: 'sqs:SendMessage', resourceArn: queueArn, sourceArn };
  return letsService(document, access) ? 'allowed' : 'denied';
}

/** @returns undefined for text that is not a policy */
export function policyFrom(text: string | undefined): PolicyDocument | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    return PolicyDocument.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
