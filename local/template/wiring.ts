/**
 * Connections that AWS would refuse, or would accept and then silently lose messages. Roles and policies have no
 * effect here, so a stack that works on the laptop proves nothing about them; these checks find what is always wrong.
 */
import * as z from 'zod';
import { letsService, matches, PolicyDocument } from '../resource-policy.ts';
import type { Resource } from './identities.ts';
import { propertiesOf } from './properties.ts';
import { TemplateRefusal } from './refusal.ts';
import type { Stack } from './stack.ts';

/** @throws TemplateRefusal naming the resource with the wrong connection */
export function checkWiring(stack: Stack): void {
  const queues = ofType(stack, 'AWS::SQS::Queue');
  const queueByArn = new Map(queues.map((queue) => [String(arnOf(stack, queue)), queue]));
  for (const queue of queues) checkRedrive(stack, queue, queueByArn);
  for (const rule of ofType(stack, 'AWS::Events::Rule')) checkRule(stack, rule, queueByArn);
  for (const mapping of ofType(stack, 'AWS::Lambda::EventSourceMapping')) {
    checkMapping(stack, mapping, queueByArn);
  }
  for (const url of ofType(stack, 'AWS::Lambda::Url')) checkUrl(stack, url);
}

type QueueByArn = ReadonlyMap<string, Resource>;

/** Lambda's default. */
const FUNCTION_TIMEOUT_SECONDS = 3;
/** SQS's default. */
const VISIBILITY_TIMEOUT_SECONDS = 30;

const Queue = z.looseObject({
  RedrivePolicy: z.looseObject({ deadLetterTargetArn: z.string() }).optional(),
  RedriveAllowPolicy: z
    .looseObject({
      redrivePermission: z.enum(['allowAll', 'byQueue', 'denyAll']).default('allowAll'),
      sourceQueueArns: z.array(z.string()).default([]),
    })
    .default({ redrivePermission: 'allowAll', sourceQueueArns: [] }),
  VisibilityTimeout: z.coerce.number().default(VISIBILITY_TIMEOUT_SECONDS),
});

function checkRedrive(stack: Stack, queue: Resource, queueByArn: QueueByArn): void {
  const { RedrivePolicy } = propertiesOf(Queue, queue);
  if (RedrivePolicy === undefined) return;
  const { deadLetterTargetArn } = RedrivePolicy;
  const deadLetters = queueByArn.get(deadLetterTargetArn);
  if (deadLetters === undefined) {
    refuse(queue, `its RedrivePolicy points to ${deadLetterTargetArn}, a queue that is not in the template`);
  }
  const { redrivePermission, sourceQueueArns } = propertiesOf(Queue, deadLetters).RedriveAllowPolicy;
  const allowed =
    redrivePermission === 'allowAll' ||
    (redrivePermission === 'byQueue' && sourceQueueArns.includes(String(arnOf(stack, queue))));
  if (!allowed)
    refuse(queue, `the RedriveAllowPolicy of ${deadLetters.logicalId} does not let it redrive there`);
}

const Rule = z.looseObject({
  Targets: z
    .array(
      z.looseObject({ Arn: z.string(), DeadLetterConfig: z.looseObject({ Arn: z.string() }).optional() }),
    )
    .default([]),
});

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html */
function checkRule(stack: Stack, rule: Resource, queueByArn: QueueByArn): void {
  const receivers = propertiesOf(Rule, rule).Targets.flatMap(({ Arn, DeadLetterConfig }) => [
    { queueArn: Arn, role: 'target' },
    ...(DeadLetterConfig ? [{ queueArn: DeadLetterConfig.Arn, role: 'dead-letter queue' }] : []),
  ]);
  for (const { queueArn, role } of receivers) {
    if (queueArn.startsWith('arn:aws:lambda:')) checkInvocation(stack, rule, queueArn);
    else checkSending(stack, { rule, role, queueArn, queue: queueByArn.get(queueArn) });
  }
}

interface Sending {
  readonly rule: Resource;
  readonly role: string;
  readonly queueArn: string;
  readonly queue: Resource | undefined;
}

function checkSending(stack: Stack, { rule, role, queueArn, queue }: Sending): void {
  if (queue === undefined) refuse(rule, `its ${role} ${queueArn} is not a queue of the template`);
  // EventBridge user guide, "Using resource-based policies": the key's policy does not name EventBridge.
  if (queue.properties['KmsMasterKeyId'] === 'alias/aws/sqs') {
    refuse(
      rule,
      `its ${role} ${queue.logicalId} is encrypted with alias/aws/sqs, which EventBridge cannot use`,
    );
  }
  const { ref } = stack.identity(queue.logicalId);
  const policies = ofType(stack, 'AWS::SQS::QueuePolicy')
    .map((resource) => ({ resource, ...propertiesOf(QueuePolicy, resource) }))
    .filter(({ Queues }) => Queues.includes(ref));
  if (policies.length > 1) {
    const names = policies.map(({ resource }) => resource.logicalId).join(' and ');
    refuse(queue, `${names} both set its policy, and the later one replaces the other`);
  }
  const sending = {
    service: 'events.amazonaws.com',
    action: 'sqs:SendMessage',
    resourceArn: queueArn,
    sourceArn: String(arnOf(stack, rule)),
  };
  if (policies.some(({ PolicyDocument: document }) => letsService(document, sending))) return;
  refuse(
    rule,
    `its ${role} ${queue.logicalId} has no queue policy that lets events.amazonaws.com send for this rule; AWS would drop the events`,
  );
}

const QueuePolicy = z.looseObject({ Queues: z.array(z.string()), PolicyDocument });

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html */
function checkInvocation(stack: Stack, rule: Resource, functionArn: string): void {
  const fn = ofType(stack, 'AWS::Lambda::Function').find(
    (candidate) => arnOf(stack, candidate) === functionArn,
  );
  if (fn === undefined) refuse(rule, `its target ${functionArn} is not a function of the template`);
  const allowed = ofType(stack, 'AWS::Lambda::Permission').some(
    ({ properties }) =>
      [functionArn, stack.identity(fn.logicalId).ref].includes(String(properties['FunctionName'])) &&
      properties['Principal'] === 'events.amazonaws.com' &&
      matches(String(properties['SourceArn'] ?? '*'), String(arnOf(stack, rule))),
  );
  if (!allowed) {
    refuse(rule, `no AWS::Lambda::Permission lets events.amazonaws.com invoke ${fn.logicalId} for this rule`);
  }
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
function checkMapping(stack: Stack, mapping: Resource, queueByArn: QueueByArn): void {
  const queue = queueByArn.get(String(mapping.properties['EventSourceArn']));
  if (queue === undefined) {
    refuse(
      mapping,
      `its EventSourceArn ${mapping.properties['EventSourceArn']} is not a queue of the template`,
    );
  }
  const fn = functionOf(stack, mapping);
  const { VisibilityTimeout: visibility } = propertiesOf(Queue, queue);
  const timeout = Number(fn.properties['Timeout'] ?? FUNCTION_TIMEOUT_SECONDS);
  if (visibility >= timeout) return;
  refuse(
    mapping,
    `${queue.logicalId} shows a message again after ${visibility} s, while ${fn.logicalId} may run for ${timeout} s`,
  );
}

/** What strangers need to be let in, since the end of 2025 both: without one of them AWS answers each request by 403. */
const FOR_STRANGERS = [
  { Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' },
  { Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true },
];

/** @see https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
function checkUrl(stack: Stack, url: Resource): void {
  const fn = functionOf(stack, url);
  if (url.properties['AuthType'] !== 'NONE') return;
  const permissions = ofType(stack, 'AWS::Lambda::Permission').filter(
    (permission) => functionOf(stack, permission) === fn && permission.properties['Principal'] === '*',
  );
  for (const wanted of FOR_STRANGERS) {
    const given = permissions.some(({ properties }) =>
      Object.entries(wanted).every(([name, value]) => properties[name] === value),
    );
    if (!given)
      refuse(url, `no AWS::Lambda::Permission gives Principal * ${wanted.Action} on ${fn.logicalId}`);
  }
}

/** @throws TemplateRefusal when the resource names no function of the template, by name or by ARN */
export function functionOf(stack: Stack, resource: Resource): Resource {
  const property = resource.type === 'AWS::Lambda::Url' ? 'TargetFunctionArn' : 'FunctionName';
  const wanted = resource.properties[property];
  const found = ofType(stack, 'AWS::Lambda::Function').find(
    (fn) => wanted === stack.identity(fn.logicalId).ref || wanted === arnOf(stack, fn),
  );
  return found ?? refuse(resource, `its ${property} ${wanted} is not a function of the template`);
}

function ofType(stack: Stack, type: string): Resource[] {
  return stack.resources.filter((resource) => resource.type === type);
}

function arnOf(stack: Stack, { logicalId }: Resource): unknown {
  return stack.identity(logicalId).attributes['Arn'];
}

function refuse({ logicalId, type }: Resource, reason: string): never {
  throw new TemplateRefusal(`Resources.${logicalId} (${type})`, reason);
}
