/**
 * The stack as its users get it: two stages, packaged, linted, deployed by the framework, read back, run, removed.
 *
 * moto stands for AWS. What its CloudFormation has no model of is left out of the stack there, and is checked in the
 * template alone (tests/wiring).
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Inbox, openInbox, type Received } from '../../demo/inbox.ts';
import { type OtherAws, outside, startAws } from '../outside/outside.ts';
import { runCommand } from '../support/command.ts';
import { functionsRun } from './functions.ts';
import { type Opened, open } from './opened.ts';
import { environmentOf } from './stage.ts';

const TIMEOUT_MS = 600_000;
const WITHOUT_MODEL = [
  'AWS::CloudWatch::Alarm',
  'AWS::Lambda::EventInvokeConfig',
  'AWS::Lambda::Url',
  'AWS::Logs::QueryDefinition',
  'AWS::S3::BucketPolicy',
  'AWS::SQS::QueuePolicy',
];

let moto: OtherAws;
let inbox: Inbox;
let prod: Opened;
let dev: Opened;
const webhooks: Received[] = [];

(outside.python === undefined ? describe.skip : describe)('a stack that was deployed', () => {
  beforeAll(async () => {
    moto = await startAws('moto');
    inbox = await openInbox(new Map(), (received) => webhooks.push(received));
    dev = await open('dev', moto.endpoint, {});
    // In a network that is there already; dev made one of its own.
    const subnets = ['WorkerSubnetA', 'WorkerSubnetB'].map(dev.id).join();
    prod = await open('prod', moto.endpoint, {
      VpcId: dev.id('WorkerNetwork'),
      SubnetIds: subnets,
      MaxvCpus: '64',
      // A door that is open to the internet has a limit in prod.
      ApiConcurrency: '20',
    });
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const opened of [dev, prod]) {
      opened?.close();
      opened?.stage.close();
    }
    await inbox?.close();
    await moto?.close();
  });

  describe.each([
    ['dev', () => dev],
    ['prod', () => prod],
  ] as const)('as %s', (name, opened) => readBack(name, opened));

  functionsRun(() => ({ opened: dev, endpoint: moto.endpoint, inbox, webhooks }));

  it(
    'leaves nothing behind when it is removed, except the data of prod',
    async () => {
      // What has run leaves objects and an image, and neither a bucket nor a repository with something in it goes by itself.
      await dev.fill(dev.id('JobsBucket'), dev.id('WorkerRepository'));
      await prod.stage.remove();
      await dev.stage.remove();
      expect(await dev.named()).toEqual([]);
      await expect(dev.resources()).rejects.toThrow(/does not exist/);
      expect((await prod.named()).toSorted()).toEqual(
        [prod.id('JobsBucket'), prod.id('JobsTable'), prod.id('KeysTable')].toSorted(),
      );
    },
    TIMEOUT_MS,
  );
});

/** What the template gives a function as a variable. */
type Value =
  | string
  | { readonly Ref: string }
  | { readonly 'Fn::GetAtt': readonly [string, 'Arn'] }
  | { readonly 'Fn::Select': readonly [number, { readonly 'Fn::Split': readonly [string, Value] }] }
  | { readonly 'Fn::Sub': string | readonly [string, Readonly<Record<string, Value>>] };

function readBack(name: 'dev' | 'prod', opened: () => Opened): void {
  const resources = (type: string) =>
    Object.entries(opened().template.Resources).filter(([, resource]) => resource.Type === type);
  const arnOf = async (queue: string) => (await opened().queue(opened().id(queue)))['QueueArn'];
  const functionId = (logicalId: string) => opened().id(logicalId);

  it('has everything that its template says, but for what moto has no model of', async () => {
    const met = name === 'dev' ? ['OwnNetwork'] : [];
    const expected = Object.entries(opened().template.Resources)
      .filter(([, { Condition }]) => Condition === undefined || met.includes(Condition))
      .filter(([, { Type }]) => !WITHOUT_MODEL.includes(Type))
      .map(([id]) => id);
    const found = [...(await opened().resources()).keys()].filter((id) => id !== '');
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  it('moves a message to the dead-letter queue of its own queue after five receives', async () => {
    for (const source of ['Front', 'Submit', 'Events', 'Notify', 'Delivery']) {
      expect(await opened().queue(opened().id(`${source}Queue`))).toMatchObject({
        RedrivePolicy: { deadLetterTargetArn: await arnOf(`${source}DeadLetterQueue`), maxReceiveCount: 5 },
        SqsManagedSseEnabled: 'true',
      });
    }
  });

  it('hands each queue to its function, which may give back single messages', async () => {
    const mappings = await opened().mappings();
    for (const [id, { Properties }] of resources('AWS::Lambda::EventSourceMapping')) {
      const [queue] = /[A-Z]\w+Queue$/.exec(id.replace(/.*SQS/, '')) ?? [''];
      const fn = id.replace(/EventSourceMapping.*/, '');
      expect(mappings).toContainEqual(
        expect.objectContaining({
          EventSourceArn: await arnOf(queue),
          FunctionArn: expect.stringMatching(new RegExp(`:${functionId(`${fn}LambdaFunction`)}$`)),
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          BatchSize: 10,
          ScalingConfig: Properties['ScalingConfig'],
          State: 'Enabled',
        }),
      );
    }
  });

  it('puts the events of its own job queues into its own queue, and has a bus for the operator', async () => {
    const [standard, economy] = [opened().id('StandardJobQueue'), opened().id('EconomyJobQueue')];
    const ofInstances = { prefix: standard.replace(/headgate-.*/, `headgate-${name}_`) };
    expect(await opened().rule(opened().id('BatchEventsRule'))).toMatchObject({
      State: 'ENABLED',
      EventBusName: 'default',
      EventPattern: {
        source: ['aws.batch'],
        $or: ['Batch Job State Change', 'Batch Job Queue Blocked'].map((type) => ({
          'detail-type': [type],
          detail: { jobQueue: [standard, economy, ofInstances] },
        })),
      },
      Targets: [
        {
          Arn: await arnOf('EventsQueue'),
          DeadLetterConfig: { Arn: await arnOf('BatchEventsRuleDeadLetterQueue') },
        },
      ],
    });
    expect(opened().id('LifecycleBus')).toBe(`headgate-${name}`);
  });

  it('wakes tick every minute', async () => {
    const { FunctionArn } = await opened().fn(opened().id('TickLambdaFunction'));
    expect(await opened().rule(opened().id('TickEventsRuleSchedule1'))).toMatchObject({
      State: 'ENABLED',
      ScheduleExpression: 'rate(1 minute)',
      Targets: [{ Arn: FunctionArn }],
    });
  });

  it('runs each function as a role of its own, which names nothing of another stage', async () => {
    const roles = new Set<string>();
    for (const [id, { Properties }] of resources('AWS::Lambda::Function')) {
      // The functions of job types share one, as containers do.
      const roleId = id.startsWith('Run') ? 'RunRole' : id.replace('LambdaFunction', 'Role');
      const { Role, Timeout } = await opened().fn(opened().id(id));
      expect(Role).toMatch(new RegExp(`:role/${opened().id(roleId)}$`));
      expect(Timeout).toBe(Properties['Timeout']);
      roles.add(String(Role));
      const { trust, statements } = await opened().role(opened().id(roleId));
      expect(trust).toMatchObject({
        Statement: [{ Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      });
      const named = statements.flatMap(({ Resource }) => Resource).filter((arn) => arn !== '*');
      const ours = new RegExp(
        `^arn:aws:(?:[a-z]+:us-east-1:123456789012|iam::123456789012|s3::):(\\S*\\bheadgate-${name}([-_]\\S+)?|job/\\*|key/(${opened().id('WebhookKey')}|${opened().id('WorkerKey')}))$`,
      );
      expect(named.filter((arn) => !ours.test(String(arn)))).toEqual([]);
    }
    expect(roles.size).toBe(resources('AWS::Lambda::Function').length);
  });

  it('tells each function where its own table, queues and bus are', async () => {
    const given = { ...defaultsOf(opened().template.Parameters), ...opened().parameters };
    const pseudo: Readonly<Record<string, string>> = {
      'AWS::AccountId': '123456789012',
      'AWS::Region': 'us-east-1',
    };
    const known = (name: string) => pseudo[name] ?? given[name] ?? opened().id(name);
    const arnOf = (logicalId: string): string => {
      const type = opened().template.Resources[logicalId]?.Type;
      const id = opened().id(logicalId);
      return type === 'AWS::IAM::Role' ? `arn:aws:iam::123456789012:role/${id}` : `arn:aws:s3:::${id}`;
    };
    const resolve = (value: Value): string => {
      if (typeof value === 'string') return value;
      if ('Ref' in value) return known(value.Ref);
      if ('Fn::GetAtt' in value) return arnOf(value['Fn::GetAtt'][0]);
      if ('Fn::Select' in value) {
        const [index, { 'Fn::Split': split }] = value['Fn::Select'];
        return resolve(split[1]).split(split[0])[index] ?? '';
      }
      const sub = value['Fn::Sub'];
      const [text, own] = typeof sub === 'string' ? [sub, {}] : sub;
      return text.replaceAll(/\$\{([\w:]+)\}/g, (_, name) => {
        const given = own[name];
        return given === undefined ? known(name) : resolve(given);
      });
    };
    for (const [id, { Properties }] of resources('AWS::Lambda::Function')) {
      const { Environment } = await opened().fn(opened().id(id));
      const packaged = Object(Properties['Environment']).Variables as Record<string, Value>;
      const expected = Object.entries(packaged).map(([variable, value]) => [variable, resolve(value)]);
      // moto gives parameters of type Number back as numbers.
      const told = Object.entries(Object(Environment).Variables).map(([key, value]) => [key, String(value)]);
      expect(Object.fromEntries(told)).toEqual(Object.fromEntries(expected));
    }
  });

  it('is looked at by doctor, which reads functions, mappings, roles and quotas where AWS has them', async () => {
    const { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = environmentOf(
      opened().endpoint,
    );
    const environment = { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
    const doctor = async () => {
      const { out } = await runCommand({ cloud: { environment } }, 'doctor', '--stage', name, '--json');
      const lines = out.trim().split('\n');
      return new Map(lines.map((line) => JSON.parse(line)).map(({ id, ok, says }) => [id, { ok, says }]));
    };
    const found = await doctor();
    const bad = [...found].filter(([, { ok }]) => ok !== true).map(([id]) => id);
    // No image was pushed, no function runs, moto answers TestEventPattern with true for every event, and knows no quota.
    expect(bad).toEqual(['batch.images', 'quota.fargate', 'quota.lambda', 'rule.pattern', 'api.health']);
    expect(found.get('batch.images')?.says).toMatch(/^expected the image \S+:latest, found none$/);

    const takeBack = await opened().allow(opened().id('TickRole'), 'iam:PassRole');
    expect((await doctor()).get('roles.actions')).toEqual({
      ok: false,
      says: "expected the actions of the stack's template, found that TickRole differs in iam:PassRole",
    });
    await takeBack();
  });

  it('protects its table from being deleted in prod, and nowhere else', async () => {
    expect(await opened().table(opened().id('JobsTable'))).toMatchObject({
      DeletionProtectionEnabled: name === 'prod',
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      GlobalSecondaryIndexes: ['byTenant', 'dueInTurn', 'due'].map((IndexName) => ({ IndexName })),
    });
  });
}

function defaultsOf(parameters: object): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, { Default }]) => [name, String(Default)]));
}
