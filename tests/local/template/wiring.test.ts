import { expect, test } from '@jest/globals';
import { checkWiring } from '../../../local/template/wiring.ts';
import { stackOf } from './stack-of.ts';

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });
const queue = (Properties: object = {}) => ({ Type: 'AWS::SQS::Queue', Properties });

const allow = (logicalId: string, more: object = {}) => ({
  Effect: 'Allow',
  Principal: { Service: 'events.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: arnOf(logicalId),
  Condition: { ArnEquals: { 'aws:SourceArn': arnOf('Rule') } },
  ...more,
});
const policy = (queueId: string, ...Statement: object[]) => ({
  Type: 'AWS::SQS::QueuePolicy',
  Properties: { Queues: [{ Ref: queueId }], PolicyDocument: { Version: '2012-10-17', Statement } },
});

/** A rule into a queue that a function reads, everything in its place. */
const right = {
  Target: queue({
    VisibilityTimeout: 60,
    RedrivePolicy: { deadLetterTargetArn: arnOf('Dead'), maxReceiveCount: 3 },
  }),
  Dead: queue(),
  Undelivered: queue(),
  TargetPolicy: policy('Target', allow('Target')),
  UndeliveredPolicy: policy('Undelivered', allow('Undelivered')),
  Rule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      EventPattern: { source: ['x'] },
      Targets: [{ Id: 'q', Arn: arnOf('Target'), DeadLetterConfig: { Arn: arnOf('Undelivered') } }],
    },
  },
  Fn: {
    Type: 'AWS::Lambda::Function',
    Properties: { Handler: 'f.handler', Runtime: 'nodejs24.x', Timeout: 60 },
  },
  Mapping: {
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: { EventSourceArn: arnOf('Target'), FunctionName: arnOf('Fn') },
  },
};

const check = (changes: object) => checkWiring(stackOf({ Resources: { ...right, ...changes } }));

const scheduled = (more: object = {}) => ({
  Rule: {
    Type: 'AWS::Events::Rule',
    Properties: { ScheduleExpression: 'rate(1 minute)', Targets: [{ Id: 'f', Arn: arnOf('Fn') }] },
  },
  TargetPolicy: { Type: 'AWS::IAM::Role' },
  UndeliveredPolicy: { Type: 'AWS::IAM::Role' },
  ...more,
});
const permission = (more: object = {}) => ({
  Type: 'AWS::Lambda::Permission',
  Properties: {
    FunctionName: arnOf('Fn'),
    Principal: 'events.amazonaws.com',
    Action: 'lambda:InvokeFunction',
    SourceArn: arnOf('Rule'),
    ...more,
  },
});

test.each<[string, object]>([
  ['as it is meant', {}],
  [
    'with a policy for any action and any queue',
    { TargetPolicy: policy('Target', allow('Target', { Action: ['sqs:*'], Resource: '*' })) },
  ],
  [
    'with a policy for all rules of the account',
    {
      TargetPolicy: policy(
        'Target',
        allow('Target', { Condition: { StringEquals: { 'aws:SourceAccount': '000000000000' } } }),
      ),
    },
  ],
  [
    'with a policy for all rules by their pattern',
    {
      TargetPolicy: policy(
        'Target',
        allow('Target', { Condition: { ArnLike: { 'aws:SourceArn': 'arn:aws:events:*:*:rule/*' } } }),
      ),
    },
  ],
  [
    'with a Deny of calls without TLS beside the Allow',
    {
      TargetPolicy: policy(
        'Target',
        {
          Effect: 'Deny',
          Principal: '*',
          Action: 'sqs:*',
          Resource: '*',
          Condition: { Bool: { 'aws:SecureTransport': false } },
        },
        allow('Target'),
      ),
    },
  ],
  [
    'with a dead-letter queue that names its source',
    {
      Dead: queue({
        RedriveAllowPolicy: {
          redrivePermission: 'byQueue',
          sourceQueueArns: ['arn:aws:sqs:us-east-1:000000000000:test-Target'],
        },
      }),
    },
  ],
  ['with a schedule that may invoke its function', scheduled({ May: permission() })],
])('a stack is taken %s', (_, changes) => {
  expect(() => check(changes)).not.toThrow();
});

const silent = /its target Target has no queue policy that lets events\.amazonaws\.com send/;

test.each<[string, object, RegExp]>([
  ['a target without a policy', { TargetPolicy: { Type: 'AWS::IAM::Role' } }, silent],
  [
    'a dead-letter queue of a rule without a policy',
    { UndeliveredPolicy: { Type: 'AWS::IAM::Role' } },
    /its dead-letter queue Undelivered has no queue policy/,
  ],
  [
    'a policy for another service',
    { TargetPolicy: policy('Target', allow('Target', { Principal: { Service: 'sns.amazonaws.com' } })) },
    silent,
  ],
  [
    'a policy for another action',
    { TargetPolicy: policy('Target', allow('Target', { Action: 'sqs:ReceiveMessage' })) },
    silent,
  ],
  ['a policy that names another queue', { TargetPolicy: policy('Target', allow('Dead')) }, silent],
  [
    'a policy for another rule',
    {
      TargetPolicy: policy(
        'Target',
        allow('Target', {
          Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:us-east-1:000000000000:rule/other' } },
        }),
      ),
    },
    silent,
  ],
  [
    'a policy with a condition on something else',
    {
      TargetPolicy: policy(
        'Target',
        allow('Target', { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } }),
      ),
    },
    silent,
  ],
  [
    'a policy that takes a wildcard for a name',
    {
      TargetPolicy: policy(
        'Target',
        allow('Target', { Condition: { StringEquals: { 'aws:SourceArn': 'arn:aws:events:*:*:rule/*' } } }),
      ),
    },
    silent,
  ],
  [
    'a queue under a key that EventBridge may not use',
    { Target: queue({ VisibilityTimeout: 60, KmsMasterKeyId: 'alias/aws/sqs' }) },
    /its target Target is encrypted with alias\/aws\/sqs/,
  ],
  [
    'a policy that only denies',
    { TargetPolicy: policy('Target', allow('Target', { Effect: 'Deny' })) },
    silent,
  ],
  [
    'a policy that allows, and denies everything',
    {
      TargetPolicy: policy(
        'Target',
        { Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: '*' },
        allow('Target'),
      ),
    },
    silent,
  ],
  [
    'two policies for one queue',
    { Another: policy('Target', allow('Target')) },
    /TargetPolicy and Another both set its policy/,
  ],
  [
    'a target that is nowhere',
    {
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: { Targets: [{ Id: 'q', Arn: 'arn:aws:sqs:us-east-1:000000000000:gone' }] },
      },
    },
    /Resources\.Rule .*its target arn:aws:sqs:us-east-1:000000000000:gone is not a queue of the template/,
  ],
  [
    'a schedule that may not invoke its function',
    scheduled(),
    /no AWS::Lambda::Permission lets events\.amazonaws\.com invoke Fn/,
  ],
  [
    'a permission for another rule',
    scheduled({ May: permission({ SourceArn: 'arn:aws:events:us-east-1:000000000000:rule/other' }) }),
    /no AWS::Lambda::Permission/,
  ],
  [
    'a permission for another service',
    scheduled({ May: permission({ Principal: 's3.amazonaws.com' }) }),
    /no AWS::Lambda::Permission/,
  ],
  [
    'a redrive policy that points nowhere',
    {
      Dead: queue({
        RedrivePolicy: { deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:gone', maxReceiveCount: 1 },
      }),
    },
    /Resources\.Dead .*RedrivePolicy points to .*gone/,
  ],
  [
    'a dead-letter queue that takes from no one',
    { Dead: queue({ RedriveAllowPolicy: { redrivePermission: 'denyAll' } }) },
    /RedriveAllowPolicy of Dead does not let it/,
  ],
  [
    'a dead-letter queue that takes from others',
    {
      Dead: queue({ RedriveAllowPolicy: { redrivePermission: 'byQueue', sourceQueueArns: ['arn:x'] } }),
    },
    /RedriveAllowPolicy of Dead/,
  ],
  [
    'a message shown again while its function may still run',
    { Target: queue({ VisibilityTimeout: 59 }) },
    /Resources\.Mapping .*Target shows a message again after 59 s, while Fn may run for 60 s/,
  ],
  ['a default visibility under the timeout', { Target: queue() }, /after 30 s/],
  [
    'a mapping of a queue that is nowhere',
    {
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { EventSourceArn: 'arn:gone', FunctionName: arnOf('Fn') },
      },
    },
    /EventSourceArn arn:gone is not a queue/,
  ],
  [
    'a mapping to a function that is nowhere',
    {
      Mapping: {
        Type: 'AWS::Lambda::EventSourceMapping',
        Properties: { EventSourceArn: arnOf('Target'), FunctionName: 'gone' },
      },
    },
    /FunctionName gone is not a function/,
  ],
])('%s is refused by name', (_, changes, message) => {
  expect(() => check(changes)).toThrow(message);
});

const open = (AuthType: string) => ({
  Type: 'AWS::Lambda::Url',
  Properties: { AuthType, TargetFunctionArn: arnOf('Fn') },
});
const permitted = (more: object) => ({
  Type: 'AWS::Lambda::Permission',
  Properties: { FunctionName: arnOf('Fn'), Principal: '*', ...more },
});
const byUrl = permitted({ Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' });
const viaUrl = permitted({ Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true });

test.each<[string, object, boolean]>([
  ['for anyone with both permissions', { Url: open('NONE'), byUrl, viaUrl }, true],
  ['for anyone without the right to the function', { Url: open('NONE'), byUrl }, false],
  ['for anyone without the right to the URL', { Url: open('NONE'), viaUrl }, false],
  ['for operators, who have theirs by IAM', { Url: open('AWS_IAM') }, true],
])('a Function URL %s', (_, resources, works) => {
  const check = () => checkWiring(stackOf({ Resources: { ...right, ...resources } }));
  if (works) expect(check).not.toThrow();
  else expect(check).toThrow(/gives Principal \*/);
});
