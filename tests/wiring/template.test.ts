/** The template as a whole: deployable in any account and stage, and the same from one build to the next. */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { jobsTable } from '../support/jobs-table.ts';
import { BucketPolicy, resources, template, templateText } from '../support/template.ts';

/** Every name that `Ref`, `Fn::GetAtt` or `Fn::Sub` uses anywhere below `value`. */
function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key === 'Ref') return [String(inner)];
    if (key === 'Fn::GetAtt') return [String(inner).split(',')[0] ?? ''];
    if (key === 'Fn::Sub') {
      const [text, own] = Array.isArray(inner) ? inner : [inner, {}];
      const named = [...String(text).matchAll(/\$\{([^.}]+)/g)].map((match) => match[1] ?? '');
      return [...named.filter((name) => !(name in own)), ...namesIn(own)];
    }
    return namesIn(inner);
  });
}

it('every reference has something it refers to', () => {
  const known = { ...template.Resources, ...template.Parameters };
  const unknown = namesIn({ ...template.Resources, ...template.Outputs, ...template.Conditions }).filter(
    (name) => !name.startsWith('AWS::') && !(name in known),
  );
  expect(unknown).toEqual([]);
});

it('every parameter has a default, so that a bare deployment works', () => {
  for (const [name, parameter] of Object.entries(template.Parameters)) {
    expect({ name, hasDefault: parameter.Default !== undefined }).toEqual({ name, hasDefault: true });
  }
});

it.each([
  ['an account id', /\b\d{12}\b/],
  ['a queue URL written by hand', /https:\/\/sqs\./],
  ['a region written by hand', /\b(us|eu|ap|sa|ca|me|af|il)-[a-z]+-\d\b/],
  ['an access key', /\b(AKIA|ASIA)[A-Z0-9]{16}\b/],
  ['a private key', /-----BEGIN/],
  ['a webhook secret', /whsec_/],
])('it does not contain %s', (_what, pattern) => {
  expect(templateText.match(pattern)?.[0]).toBeUndefined();
});

it('two builds of the same sources differ only in where the bundles are uploaded', () => {
  const stable = templateText.replaceAll(/"S3Key": "[^"]*"/g, '');
  expect(stable.match(/\d{13}|\d{4}-\d\d-\d\dT/)?.[0]).toBeUndefined();
  expect(resources('AWS::Lambda::Version', z.unknown())).toEqual([]);
});

const LogGroup = z.object({ RetentionInDays: z.union([z.int().positive(), z.object({ Ref: z.string() })]) });

describe.each(resources('AWS::Logs::LogGroup', z.unknown()))('%s', (_id, group) => {
  it('does not keep logs for ever', () => {
    expect(LogGroup.parse(group).RetentionInDays).toBeDefined();
  });
});

it('every interface endpoint, which costs by the hour and zone, is in the zones that the stage pays for', () => {
  const endpoints = Object.values(template.Resources).flatMap(({ Type, Properties = {} }) =>
    Type === 'AWS::EC2::VPCEndpoint' && Properties['VpcEndpointType'] === 'Interface' ? [Properties] : [],
  );
  expect(endpoints).not.toEqual([]);
  const [subnetA, subnetB] = [{ Ref: 'WorkerSubnetA' }, { Ref: 'WorkerSubnetB' }];
  for (const { SubnetIds } of endpoints)
    expect(SubnetIds).toEqual({ 'Fn::If': ['EndpointsInTwoZones', [subnetA, subnetB], [subnetA]] });
});

describe('the jobs table', () => {
  const table = template.Resources['JobsTable']?.Properties ?? {};

  it('can be restored to any second, is encrypted and forgets what has expired', () => {
    expect(table).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
  });

  it('has the keys and indexes with which the tests create it', () => {
    const { TableName, ...declared } = jobsTable('jobs');
    expect(table).toMatchObject(declared);
  });

  it('has an index for a tenant and two for time, and none that changes with the state of a job', () => {
    expect(table['GlobalSecondaryIndexes']).toEqual([
      expect.objectContaining({ IndexName: 'byTenant', Projection: { ProjectionType: 'KEYS_ONLY' } }),
      expect.objectContaining({ IndexName: 'dueInTurn', Projection: { ProjectionType: 'KEYS_ONLY' } }),
      expect.objectContaining({ IndexName: 'due', Projection: { ProjectionType: 'KEYS_ONLY' } }),
    ]);
  });
});

describe("the bucket of tenants' objects", () => {
  const bucket = template.Resources['JobsBucket']?.Properties ?? {};

  it('is encrypted and closed to the public', () => {
    expect(bucket).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    });
  });

  it('refuses everyone who comes without TLS, or would overwrite a result', () => {
    const policy = BucketPolicy.parse(template.Resources['JobsBucketPolicy']?.Properties);
    expect(policy.Bucket).toBe('JobsBucket');
    expect(policy.PolicyDocument).toEqual([
      expect.objectContaining({
        Effect: 'Deny',
        Principal: '*',
        Action: ['s3:*'],
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
      expect.objectContaining({ Effect: 'Deny', Action: ['s3:PutObject'] }),
    ]);
  });
});
