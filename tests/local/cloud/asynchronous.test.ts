import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { eventually, type Laptop, laptop, nextMessage, type Started } from './set-up.ts';

jest.setTimeout(60_000);

let here: Laptop;
beforeEach(async () => {
  here = await laptop();
});
afterEach(() => here.close());

const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** A rule whose function fails on every event, with a dead-letter queue and a destination. */
const template = {
  Resources: {
    Dead: { Type: 'AWS::SQS::Queue' },
    Failures: { Type: 'AWS::SQS::Queue' },
    Fails: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Handler: 'functions/fails.handler',
        Runtime: 'nodejs24.x',
        DeadLetterConfig: { TargetArn: arnOf('Dead') },
      },
    },
    FailsAtOnce: {
      Type: 'AWS::Lambda::EventInvokeConfig',
      Properties: {
        FunctionName: { Ref: 'Fails' },
        Qualifier: '$LATEST',
        MaximumRetryAttempts: 1,
        DestinationConfig: { OnFailure: { Destination: arnOf('Failures') } },
      },
    },
    Rule: {
      Type: 'AWS::Events::Rule',
      Properties: { EventPattern: { source: ['test'] }, Targets: [{ Id: 'fails', Arn: arnOf('Fails') }] },
    },
    MayInvoke: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        FunctionName: { Ref: 'Fails' },
        Action: 'lambda:InvokeFunction',
        Principal: 'events.amazonaws.com',
        SourceArn: arnOf('Rule'),
      },
    },
  },
};

test('an event on which the function of a rule fails is tried as the template says, and then kept in its queues', async () => {
  await writeFile(
    join(here.folder, 'bundles/functions/fails.mjs'),
    'export const handler = () => { throw new Error("never"); };',
  );
  const cloud = await here.start(template, { images: {} });
  const Entries = [{ Source: 'test', DetailType: 'done', Detail: '{}' }];
  await cloud.aws.events.send(new PutEventsCommand({ Entries }));
  await eventually(async () => cloud.reported.find((line) => line.includes('it is tried again after 60 s')));
  cloud.clock.advance(60_000);
  expect(JSON.parse(await nextMessage(cloud, cloud.physicalId('Dead')))).toMatchObject({ source: 'test' });
  expect(JSON.parse(await nextMessage(cloud, cloud.physicalId('Failures')))).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 2 },
    requestPayload: { source: 'test' },
  });
});

test('a rule that is made by a call delivers once the policy of its queue lets it, and is there after a restart', async () => {
  const dataDirectory = join(here.folder, 'data');
  const only = { Resources: { Told: { Type: 'AWS::SQS::Queue' } } };
  const first = await here.start(only, { images: {}, dataDirectory });
  const Arn = 'arn:aws:sqs:us-east-1:000000000000:local-Told';
  const put = (cloud: Started, n: number) => {
    const Entries = [{ Source: 'test', DetailType: 'done', Detail: JSON.stringify({ n }) }];
    return cloud.aws.events.send(new PutEventsCommand({ Entries }));
  };
  const { RuleArn } = await first.aws.events.send(
    new PutRuleCommand({ Name: 'mine', EventPattern: '{"source":["test"]}' }),
  );
  await first.aws.events.send(new PutTargetsCommand({ Rule: 'mine', Targets: [{ Id: '1', Arn }] }));
  await put(first, 1);
  expect(first.reported).toContainEqual(
    expect.stringMatching(/the policy of .*:local-Told does not let EventBridge use it for this rule/),
  );
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: Arn,
      Condition: { ArnEquals: { 'aws:SourceArn': RuleArn } },
    },
  ];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await first.aws.sqs.send(
    new SetQueueAttributesCommand({ QueueUrl: first.physicalId('Told'), Attributes: { Policy } }),
  );
  await put(first, 2);
  await first.close();
  const second = await here.start(only, { images: {}, dataDirectory });
  await put(second, 3);
  const told = [1, 2].map(
    async () => JSON.parse(await nextMessage(second, second.physicalId('Told'))).detail.n,
  );
  expect((await Promise.all(told)).toSorted()).toEqual([2, 3]);
});

test('a configuration for another version is refused by the name of the resource', async () => {
  const { FailsAtOnce, ...Resources } = template.Resources;
  const Properties = { ...FailsAtOnce.Properties, Qualifier: '3' };
  await writeFile(join(here.folder, 'bundles/functions/fails.mjs'), 'export const handler = () => {};');
  await expect(
    here.start({ Resources: { ...Resources, FailsAtOnce: { ...FailsAtOnce, Properties } } }, { images: {} }),
  ).rejects.toThrow(/Resources\.FailsAtOnce.*its Qualifier must be \$LATEST/);
});
