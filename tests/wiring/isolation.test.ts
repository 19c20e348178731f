/**
 * A container that was taken over: what its role, and every way out of its network, let it do. It has its ticket, its task token and
 * the URLs that were signed for it; what those are worth is `tests/unit/application/worker-api.test.ts`.
 */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { sessionOf } from '../../domain/worker/scoped-credentials.ts';
import { FIRST, JOB_ID } from '../support/jobs.ts';
import { BucketPolicy, resources, Statement, template } from '../support/template.ts';
import {
  ACTIONS,
  endpoints,
  FOREIGN,
  OTHERS_OBJECT,
  OTHERS_RESULT,
  OWN,
  RESOURCES,
  roles,
  statementsOf,
} from './account.ts';
import { allows, arnOf, denies } from './policies.ts';
import { rightsOf } from './rights.ts';

const everything = () => ACTIONS.flatMap((action) => RESOURCES.map((resource) => ({ action, resource })));
const ONLY = [{ action: 'lambda:InvokeFunction', resource: arnOf('WorkerApiLambdaFunction') }];

describe('the role of every container', () => {
  it('may invoke worker-api, and none of all other actions on anything of the account', () => {
    expect(everything().length).toBeGreaterThan(30_000);
    const allowed = everything().filter((request) =>
      allows(statementsOf('WorkerJobRole'), { ...request, context: OWN }),
    );
    expect(allowed).toEqual(ONLY);
  });

  it('has the rights that its program uses, and no others', () => {
    expect(rightsOf('worker/main.ts').actions).toEqual(ONLY.map(({ action }) => action));
  });
});

describe('the role of the functions of job types', () => {
  const inside = {
    ...OWN,
    'aws:PrincipalArn': arnOf('RunRole'),
    'lambda:SourceFunctionArn': 'arn:a-function',
  };
  const allowed = (context: Record<string, string>) =>
    everything().filter((request) => allows(statementsOf('RunRole'), { ...request, context }));

  it('may invoke worker-api, log, and leave records of failures, and none of all other actions on anything of the account', () => {
    expect(allowed(inside).toSorted((a, b) => (a.action < b.action ? -1 : 1))).toEqual([
      ...ONLY,
      { action: 'logs:CreateLogStream', resource: arnOf('WorkerLogGroup') },
      { action: 'logs:PutLogEvents', resource: arnOf('WorkerLogGroup') },
      { action: 'sqs:SendMessage', resource: arnOf('RunsFailedQueue') },
    ]);
  });

  it('has the rights that its program uses, and what Lambda does as the function', () => {
    expect(rightsOf('functions/run.ts').actions).toEqual(ONLY.map(({ action }) => action));
  });

  it('lets nothing but records of failures into the queue of failed runs, and no function into the queue of AWS Batch', () => {
    const whoSends = (queue: string) =>
      [...roles.keys()].filter((role) =>
        allows(statementsOf(role), { action: 'sqs:SendMessage', resource: arnOf(queue), context: OWN }),
      );
    expect(whoSends('RunsFailedQueue')).toEqual(['RunRole']);
    expect(whoSends('EventsQueue')).toEqual([]);
  });
});

it('every function of a job type isolates tenants, in the network of the containers', () => {
  const functions = resources(
    'AWS::Lambda::Function',
    z.object({ TenancyConfig: z.unknown().optional(), VpcConfig: z.unknown().optional() }),
  ).filter(([id]) => id.startsWith('Run'));
  expect(functions).not.toEqual([]);
  for (const [, { TenancyConfig, VpcConfig }] of functions) {
    expect(TenancyConfig).toEqual({ TenantIsolationMode: 'PER_TENANT' });
    expect(JSON.stringify(VpcConfig)).toContain('WorkerSecurityGroup');
  }
});

it('every endpoint of the network has a policy', () => {
  const all = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::EC2::VPCEndpoint');
  expect(endpoints).toHaveLength(all.length);
});

describe.each(endpoints)('%s', (id, statements) => {
  it('lets nothing out with the credentials of another account', () => {
    const out = everything().filter((request) => allows(statements, { ...request, context: FOREIGN }));
    expect(out).toEqual([]);
  });

  it('lets a container with its own credentials do nothing else than call worker-api', () => {
    const both = everything().filter((request) =>
      [statements, statementsOf('WorkerJobRole')].every((each) => allows(each, { ...request, context: OWN })),
    );
    expect(both).toEqual(id === 'LambdaEndpoint' ? ONLY : []);
  });
});

it('the URLs and the credentials of worker-api are used through the endpoint of S3, and no other role gets through', () => {
  const statements = endpoints.find(([id]) => id === 'S3Endpoint')?.[1] ?? [];
  const read = { action: 's3:GetObject', resource: `${arnOf('JobsBucket')}/tenants/acme/inputs/a.csv` };
  const by = (role: string) => ({ 'aws:PrincipalAccount': '111111111111', 'aws:PrincipalArn': arnOf(role) });
  const through = [...roles.keys()].filter((role) => allows(statements, { ...read, context: by(role) }));
  expect(through).toEqual(['WorkerApiRole', 'ObjectsRole']);
  const layers = 'arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/layer';
  expect(allows(statements, { action: 's3:GetObject', resource: layers })).toBe(true);
  expect(allows(statements, { action: 's3:PutObject', resource: layers })).toBe(false);
});

describe('the credentials that a container of acme may ask for', () => {
  const job = { tenantId: 'acme', jobId: JOB_ID };
  const run = { attempt: 1, runId: FIRST, try: 1 };
  const objects = `${arnOf('JobsBucket')}/tenants`;
  const own = `${objects}/acme/results/${JOB_ID}/${FIRST}-1/part.json`;
  /** Beside what the account has: objects of acme, of this try and of others, and tenants whose names begin like it. */
  const near = [
    own,
    `${objects}/acme/inputs/a.csv`,
    `${objects}/acme/results/${JOB_ID}/${FIRST}-2/part.json`,
    `${objects}/acme/results/${JOB_ID}/input.json`,
    `${objects}/acme2/inputs/a.csv`,
    `${objects}/acme2/results/${JOB_ID}/${FIRST}-1/part.json`,
    `${objects}/acm`,
  ];
  const context = { ...OWN, 'aws:PrincipalArn': arnOf('ObjectsRole') };
  const requests = ACTIONS.flatMap((action) =>
    [...RESOURCES, ...near].map((resource) => ({ action, resource, context })),
  );
  const { policy } = sessionOf(job, run, arnOf('JobsBucket'));
  const session = z.object({ Statement: z.array(Statement) }).parse(JSON.parse(policy)).Statement;
  const lent = (request: (typeof requests)[number]) =>
    [statementsOf('ObjectsRole'), session].every((statements) => allows(statements, request));
  const allowed = requests.filter(lent);
  const on = (action: string) =>
    allowed.filter((each) => each.action === action).map(({ resource }) => resource);

  it('read objects of acme alone, write those of its own try, and do none of all other actions on anything of the account', () => {
    expect(new Set(allowed.map(({ action }) => action))).toEqual(new Set(['s3:GetObject', 's3:PutObject']));
    expect(on('s3:GetObject').toSorted()).toEqual(near.filter((key) => key.includes('/acme/')).toSorted());
    expect(on('s3:PutObject')).toEqual([own]);
  });

  it('do nothing through any endpoint of the network but that', () => {
    for (const [id, statements] of endpoints) {
      const through = allowed.filter((request) => allows(statements, request));
      expect([id, through.length]).toEqual([id, id === 'S3Endpoint' ? allowed.length : 0]);
    }
  });

  it('would be those of all tenants without the session policy, so worker-api alone may make them', () => {
    expect(allows(statementsOf('ObjectsRole'), { action: 's3:GetObject', resource: OTHERS_OBJECT })).toBe(
      true,
    );
    const assuming = [...roles.keys()].filter((role) =>
      allows(statementsOf(role), { action: 'sts:AssumeRole', resource: arnOf('ObjectsRole'), context: OWN }),
    );
    expect(assuming).toEqual(['WorkerApiRole']);
    const Trust = z.object({ AssumeRolePolicyDocument: z.object({ Statement: z.array(Statement) }) });
    const trust = Trust.parse(template.Resources['ObjectsRole']?.Properties);
    const trusted = trust.AssumeRolePolicyDocument.Statement.map(({ Principal, Condition }) => [
      Principal,
      Condition,
    ]);
    // Of the account alone, and of it by the name of that role: two roles that name each other cannot be made.
    expect(trusted).toEqual([
      [
        { AWS: 'AWS::AccountId' },
        { StringLike: { 'aws:PrincipalArn': { 'Fn::Sub': expect.stringMatching(/}-WorkerApiRole-\*$/) } } },
      ],
    ]);
  });

  it.each([1, 9999])(
    'fit into a call of STS at attempt %i of the tenant with the longest name',
    (attempt) => {
      const longest = { ...job, tenantId: 'a'.repeat(63) };
      const made = sessionOf(
        longest,
        { ...run, runId: `${FIRST}:9999`, attempt, try: 99 },
        `arn:aws-us-gov:s3:::${'b'.repeat(63)}`,
      );
      expect(made.policy.length).toBeLessThanOrEqual(2048);
      expect(made.name).toMatch(/^[\w+=,.@-]{2,64}$/);
    },
  );
});

describe('worker-api', () => {
  const statements = statementsOf('WorkerApiRole');
  const onItem = (action: string, key: string) =>
    allows(statements, {
      action,
      resource: arnOf('JobsTable'),
      context: { 'dynamodb:LeadingKeys': [key] },
    });

  it('reads and changes records of jobs, and nothing that tenants or operators own', () => {
    for (const action of [
      'dynamodb:BatchGetItem',
      'dynamodb:PartiQLUpdate',
      'dynamodb:UpdateItem',
      'dynamodb:PutItem',
    ]) {
      expect(onItem(action, 'JOB#job_a')).toBe(true);
      for (const key of ['TENANT#globex', 'KEY#k', 'WAITING#globex', 'PACE'])
        expect(onItem(action, key)).toBe(false);
    }
  });

  it('writes results and never an input', () => {
    const put = (resource: string) => allows(statements, { action: 's3:PutObject', resource });
    expect([put(OTHERS_RESULT), put(OTHERS_OBJECT)]).toEqual([true, false]);
  });
});

describe('the keys of KMS', () => {
  const may = (role: string, key: string, context: Record<string, string>) =>
    allows(statementsOf(role), { action: 'kms:Decrypt', resource: arnOf(key), context });
  const whoMay = (key: string, context: Record<string, string>) =>
    [...roles.keys()].filter((role) => may(role, key, context)).sort();
  const purpose = (name: string) => ({ 'kms:EncryptionContext:purpose': name });

  it.each([
    ['WorkerKey', purpose('ticket'), ['SubmitRole', 'WorkerApiRole']],
    ['WorkerKey', purpose('task'), ['WorkerApiRole']],
    ['WorkerKey', {}, []],
    ['WebhookKey', { 'kms:EncryptionContext:endpointId': 'whe_1' }, ['DeliverRole', 'NotifyRole']],
    ['WebhookKey', purpose('ticket'), []],
    ['WebhookKey', {}, []],
  ])('%s opens what is sealed for %j to %j', (key, context, expected) => {
    expect(whoMay(key, context)).toEqual(expected);
  });
});

describe('the sealed keys of containers', () => {
  const onKey = (role: string, purpose: string) =>
    ACTIONS.filter((action) => action.startsWith('dynamodb:')).filter((action) =>
      allows(statementsOf(role), {
        action,
        resource: arnOf('JobsTable'),
        context: { ...OWN, 'dynamodb:LeadingKeys': [`SEALED#${purpose}`] },
      }),
    );

  it.each(['ticket', 'task'])(
    'of %s are in reach of those who open them, and of no other role',
    (purpose) => {
      const opening = [...roles.keys()].filter((role) =>
        allows(statementsOf(role), {
          action: 'kms:Decrypt',
          resource: arnOf('WorkerKey'),
          context: { 'kms:EncryptionContext:purpose': purpose },
        }),
      );
      expect([...roles.keys()].filter((role) => onKey(role, purpose).length > 0)).toEqual(opening);
    },
  );

  it('are read by a scan of the whole table, which names no item, and not opened by the one role that may scan', () => {
    const scanning = [...roles.keys()].filter((role) =>
      allows(statementsOf(role), { action: 'dynamodb:Scan', resource: arnOf('JobsTable'), context: OWN }),
    );
    expect(scanning).toEqual(['TickRole']);
    for (const purpose of ['ticket', 'task']) {
      const context = { 'kms:EncryptionContext:purpose': purpose };
      const decrypt = { action: 'kms:Decrypt', resource: arnOf('WorkerKey'), context };
      expect(allows(statementsOf('TickRole'), decrypt)).toBe(false);
    }
  });

  it('are not in reach of a call that names another item beside them', () => {
    const together = { 'dynamodb:LeadingKeys': ['JOB#job_a', 'SEALED#ticket'] };
    const request = { action: 'dynamodb:BatchGetItem', resource: arnOf('JobsTable'), context: together };
    expect(allows(statementsOf('TrackRole'), request)).toBe(false);
    const alone = { ...request, context: { 'dynamodb:LeadingKeys': ['JOB#job_a'] } };
    expect(allows(statementsOf('TrackRole'), alone)).toBe(true);
  });
});

it('a key of the API is in reach of the functions that answer over HTTP alone, and registered by one of them', () => {
  const may = (role: string, action: string) =>
    allows(statementsOf(role), { action, resource: arnOf('KeysTable'), context: OWN });
  const who = (...actions: readonly string[]) =>
    [...roles.keys()].filter((role) => actions.some((action) => may(role, action))).sort();
  const all = ACTIONS.filter((action) => action.startsWith('dynamodb:'));
  expect(who(...all)).toEqual(['ApiRole', 'OperateRole']);
  expect(who(...all.filter((action) => !/Get|Query|Scan|Select|Describe|List/.test(action)))).toEqual([
    'OperateRole',
  ]);
});

it('no role may overwrite an object of a result', () => {
  const policy = BucketPolicy.parse(template.Resources['JobsBucketPolicy']?.Properties);
  const put = { action: 's3:PutObject', resource: OTHERS_RESULT };
  const secure = { 'aws:SecureTransport': 'true' };
  const statements = policy.PolicyDocument;
  expect(denies(statements, { ...put, context: secure })).toBe(true);
  expect(denies(statements, { ...put, context: { ...secure, 's3:if-none-match': '*' } })).toBe(false);
});
