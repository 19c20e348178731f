/** Messages are neither lost nor worked on twice because of a number or a policy in the template. */
import { describe, expect, it } from '@jest/globals';
import type * as z from 'zod';
import {
  EventSourceMapping,
  LambdaFunction,
  Queue,
  QueuePolicy,
  Rule,
  resources,
} from '../support/template.ts';

const queues = new Map(resources('AWS::SQS::Queue', Queue));
const policies = resources('AWS::SQS::QueuePolicy', QueuePolicy);
const functions = new Map(resources('AWS::Lambda::Function', LambdaFunction));
/** Rules on events, each target with the dead-letter queue it must have; schedules put nothing into queues. */
const rules = resources('AWS::Events::Rule', Rule)
  .filter(([, rule]) => rule.ScheduleExpression === undefined)
  .map(([id, rule]) => [id, { Targets: rule.Targets.map(withDeadLetters) }] as const);

function withDeadLetters({ Arn, DeadLetterConfig }: z.infer<typeof Rule>['Targets'][number]) {
  if (DeadLetterConfig === undefined) throw new Error(`The target ${Arn} of a rule has no dead-letter queue`);
  return { Arn, DeadLetterConfig };
}

function queueOf(id: string) {
  const queue = queues.get(id);
  if (queue === undefined) throw new Error(`${id} is not a queue of this stack`);
  return queue;
}
const sources = [...queues].flatMap(([id, queue]) =>
  queue.RedrivePolicy ? [{ id, queue, redrive: queue.RedrivePolicy }] : [],
);
const deadLetterQueues = new Set([
  ...sources.map((source) => source.redrive.deadLetterTargetArn),
  ...rules.flatMap(([, rule]) => rule.Targets.map((target) => target.DeadLetterConfig.Arn)),
]);

describe.each([...queues])('%s', (id, queue) => {
  it('has a dead-letter queue, or is one (F28)', () => {
    expect(queue.RedrivePolicy !== undefined || deadLetterQueues.has(id)).toBe(true);
  });

  it('is encrypted at rest', () => {
    expect(queue.SqsManagedSseEnabled).toBe(true);
  });

  // Two AWS::SQS::QueuePolicy for one queue overwrite each other, so "exactly one" is part of the promise.
  it('has one policy, and it refuses everyone who comes without TLS', () => {
    const own = policies.filter(([, policy]) => policy.Queues.includes(id));
    expect(own).toHaveLength(1);
    expect(own[0]?.[1].PolicyDocument).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Principal: '*',
        Action: ['sqs:*'],
        Resource: ['*'],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
  });
});

describe.each(sources)('$id and its dead-letter queue', ({ id, queue, redrive }) => {
  const deadLetters = queueOf(redrive.deadLetterTargetArn);

  it('keep a dead letter longer than a message may wait before it becomes one (F55)', () => {
    expect(deadLetters.MessageRetentionPeriod).toBeGreaterThan(queue.MessageRetentionPeriod);
  });

  // Lambda developer guide, "Creating and configuring an Amazon SQS event source mapping": at least five.
  it('give a message five receives, because throttling of our own function uses them up too (F05)', () => {
    expect(redrive.maxReceiveCount).toBeGreaterThanOrEqual(5);
  });

  it('belong to each other alone', () => {
    const others = sources.filter(
      (other) => other.id !== id && other.redrive.deadLetterTargetArn === redrive.deadLetterTargetArn,
    );
    expect(others).toEqual([]);
    expect(queue.QueueName).toBeDefined();
    expect(deadLetters.RedriveAllowPolicy).toEqual({
      redrivePermission: 'byQueue',
      sourceQueueArns: [expect.stringMatching(new RegExp(`:${queue.QueueName}$`))],
    });
  });
});

describe.each(resources('AWS::Lambda::EventSourceMapping', EventSourceMapping))('%s', (_id, mapping) => {
  it('hides a message for six timeouts of the function that works on it (F06)', () => {
    const fn = functions.get(mapping.FunctionName);
    const atLeast = 6 * (fn?.Timeout ?? Number.NaN) + mapping.MaximumBatchingWindowInSeconds;
    expect(queueOf(mapping.EventSourceArn).VisibilityTimeout).toBeGreaterThanOrEqual(atLeast);
  });

  it('brings back only the messages that failed (F15)', () => {
    expect(mapping.FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
  });

  it('is bounded, so that one queue cannot take all concurrency of the account', () => {
    expect(mapping.ScalingConfig.MaximumConcurrency).toBeGreaterThanOrEqual(2);
    expect(mapping.ScalingConfig.MaximumConcurrency).toBeLessThanOrEqual(100);
  });
});

const ruleQueues = rules.flatMap(([rule, { Targets }]) =>
  Targets.flatMap((target) => [
    { rule, queue: target.Arn },
    { rule, queue: target.DeadLetterConfig.Arn },
  ]),
);
it.each(ruleQueues)('EventBridge may write to $queue for $rule, and for no other rule', ({ rule, queue }) => {
  const allowed = policies
    .filter(([, policy]) => policy.Queues.includes(queue))
    .flatMap(([, policy]) => policy.PolicyDocument.filter((statement) => statement.Effect === 'Allow'));
  expect(allowed).toEqual([
    expect.objectContaining({
      Principal: { Service: 'events.amazonaws.com' },
      Action: ['sqs:SendMessage'],
      Resource: [queue],
      Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [rule, 'Arn'] } } },
    }),
  ]);
});

it('a dead-letter queue of a rule takes no message from a queue', () => {
  for (const [, { Targets }] of rules) {
    for (const target of Targets) {
      expect(queueOf(target.DeadLetterConfig.Arn).RedriveAllowPolicy?.redrivePermission).toBe('denyAll');
    }
  }
});
