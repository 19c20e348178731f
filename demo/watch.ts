/** Follows the event bus as any rule of an operator would: with a queue, and a rule that fills it. */
import { type EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { isAboutJob, type LifecycleEvent, TenantEvent } from '../domain/webhook/notification.ts';

const Envelope = z.object({ detail: TenantEvent });

/** Calls `onEvent` for each event of a job until the signal is aborted. Resolves when the rule exists. */
export async function watchJobs(
  clients: { readonly sqs: SQSClient; readonly eventBridge: EventBridgeClient },
  busName: string,
  onEvent: (event: LifecycleEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { QueueUrl } = await clients.sqs.send(new CreateQueueCommand({ QueueName: 'headgate-watch' }));
  const { Attributes } = await clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const rule = { Name: 'headgate-watch', EventBusName: busName };
  await clients.eventBridge.send(
    new PutRuleCommand({ ...rule, EventPattern: JSON.stringify({ source: ['headgate'] }) }),
  );
  const once = firstTellings(onEvent);
  const Targets = [{ Id: 'watch', Arn: Attributes?.QueueArn }];
  await clients.eventBridge.send(new PutTargetsCommand({ Rule: rule.Name, EventBusName: busName, Targets }));
  void follow(clients.sqs, QueueUrl, once, signal);
}

/** Events arrive at least once; job and sequence identify a repeated one. */
function firstTellings(onEvent: (event: LifecycleEvent) => void): (event: LifecycleEvent) => void {
  const payload = new Set<string>();
  return (event) => {
    const name = `${event.data.jobId} ${event.data.sequence}`;
    if (payload.has(name)) return;
    payload.add(name);
    onEvent(event);
  };
}

async function follow(
  sqs: SQSClient,
  QueueUrl: string | undefined,
  onEvent: (event: LifecycleEvent) => void,
  signal: AbortSignal,
) {
  while (!signal.aborted) {
    try {
      const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 });
      const { Messages = [] } = await sqs.send(receive, { abortSignal: signal, requestTimeout: 30_000 });
      for (const { Body = '{}' } of Messages) {
        const { detail } = Envelope.parse(JSON.parse(Body));
        if (isAboutJob(detail)) onEvent(detail);
      }
      const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
