/** Follows the event bus as any rule of an operator would: with a queue, and a rule that fills it. */
import { type EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import {
  type BusEvent,
  DeduplicatedEvent,
  isAboutJob,
  type LifecycleEvent,
  subjectOf,
  TenantEvent,
} from '../domain/webhook/notification.ts';

const Envelope = z.object({ detail: z.union([TenantEvent, DeduplicatedEvent]) });

interface BusClients {
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
}
type OnEvent = (event: BusEvent) => void | Promise<void>;

/** The events of jobs alone. */
export function watchJobs(
  clients: BusClients,
  busName: string,
  onEvent: (event: LifecycleEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const ofJobs = (event: BusEvent) =>
    event.type !== 'job.deduplicated' && isAboutJob(event) ? onEvent(event) : undefined;
  return watchBus(clients, busName, ofJobs, signal);
}

/** Calls `onEvent` for one event after another until the signal is aborted. Resolves when the rule exists. */
export async function watchBus(
  clients: BusClients,
  busName: string,
  onEvent: OnEvent,
  signal: AbortSignal,
): Promise<void> {
  const rule = { Name: 'headgate-watch', EventBusName: busName };
  const { RuleArn = '' } = await clients.eventBridge.send(
    new PutRuleCommand({ ...rule, EventPattern: JSON.stringify({ source: ['headgate'] }) }),
  );
  const { QueueUrl } = await clients.sqs.send(new CreateQueueCommand({ QueueName: 'headgate-watch' }));
  const { Attributes } = await clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  const Policy = policyFor(RuleArn, Attributes?.QueueArn);
  await clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  const once = firstTellings(onEvent);
  const Targets = [{ Id: 'watch', Arn: Attributes?.QueueArn }];
  await clients.eventBridge.send(new PutTargetsCommand({ Rule: rule.Name, EventBusName: busName, Targets }));
  void follow(clients.sqs, QueueUrl, once, signal);
}

/** Without it EventBridge may not send. @see EventBridge user guide, "Using resource-based policies" */
function policyFor(ruleArn: string, queueArn: string | undefined): string {
  const allowed = {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: queueArn,
    Condition: { ArnEquals: { 'aws:SourceArn': ruleArn } },
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [allowed] });
}

/** Events arrive at least once; type, subject and sequence identify a repeated one. */
function firstTellings(onEvent: OnEvent): OnEvent {
  const told = new Set<string>();
  return (event) => {
    const sequence = 'sequence' in event.data ? event.data.sequence : '';
    const name = `${event.type} ${subjectOf(event)} ${sequence}`;
    if (told.has(name)) return;
    told.add(name);
    return onEvent(event);
  };
}

async function follow(sqs: SQSClient, QueueUrl: string | undefined, onEvent: OnEvent, signal: AbortSignal) {
  while (!signal.aborted) {
    try {
      const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 });
      const { Messages = [] } = await sqs.send(receive, { abortSignal: signal, requestTimeout: 30_000 });
      for (const { Body = '{}' } of Messages) {
        await onEvent(Envelope.parse(JSON.parse(Body)).detail);
      }
      const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
