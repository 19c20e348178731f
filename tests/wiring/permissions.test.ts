/** Nobody may do more than its code does: a function, the container, or whoever breaks into one of them. */
import { describe, expect, it } from '@jest/globals';
import {
  EventSourceMapping,
  JobDefinition,
  JobQueue,
  LambdaFunction,
  Role,
  resources,
  type Statement,
} from '../support/template.ts';

/** Actions for which AWS has no resource level. Service Authorization Reference, "AWS Batch" and "Amazon ECR". */
const withoutResourceLevel = ['batch:DescribeJobs', 'batch:ListJobs', 'ecr:GetAuthorizationToken'];

const roles = new Map(resources('AWS::IAM::Role', Role));
const functions = resources('AWS::Lambda::Function', LambdaFunction);
const mappings = resources('AWS::Lambda::EventSourceMapping', EventSourceMapping).map(([, each]) => each);
const jobQueues = resources('AWS::Batch::JobQueue', JobQueue);
const jobDefinitions = resources('AWS::Batch::JobDefinition', JobDefinition);

function statementsOf(role: string): Statement[] {
  const statements = roles.get(role);
  if (statements === undefined) throw new Error(`${role} is not a role of this stack`);
  return statements;
}
function targetsOf(role: string, action: string): string[] {
  const granting = statementsOf(role).filter((statement) => statement.Action.includes(action));
  return granting.flatMap((statement) => statement.Resource).sort();
}

it('no two functions share a role', () => {
  const used = functions.map(([, fn]) => fn.Role);
  expect(new Set(used).size).toBe(used.length);
});

it('no role stands unused', () => {
  const used = [
    ...functions.map(([, fn]) => fn.Role),
    ...jobDefinitions.flatMap(([, { ContainerProperties: c }]) => [c.JobRoleArn, c.ExecutionRoleArn]),
  ];
  expect([...roles.keys()].sort()).toEqual([...new Set(used)].sort());
});

describe.each([...roles])('%s', (_id, statements) => {
  it('allows actions one by one', () => {
    expect(statements.flatMap((statement) => statement.Action).filter((action) => /\*/.test(action))).toEqual(
      [],
    );
  });

  it('allows them on named resources, unless AWS knows no names for them', () => {
    const anywhere = statements.filter((statement) => statement.Resource.includes('*'));
    const actions = anywhere.flatMap((statement) => statement.Action);
    expect(actions.filter((action) => !withoutResourceLevel.includes(action))).toEqual([]);
  });
});

describe.each(functions)('%s', (id, fn) => {
  const mapping = mappings.find((each) => each.FunctionName === id);

  it('may receive from the queue that wakes it, and from no other', () => {
    for (const action of ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']) {
      expect({ action, on: targetsOf(fn.Role, action) }).toEqual({ action, on: [mapping?.EventSourceArn] });
    }
  });

  it('may send to the queues it is told of, and to no other', () => {
    const told = Object.entries(fn.Environment.Variables).flatMap(([name, value]) =>
      name.endsWith('_QUEUE_URL') && 'refersTo' in value ? [value.refersTo] : [],
    );
    expect(targetsOf(fn.Role, 'sqs:SendMessage')).toEqual(told.sort());
  });

  it('may write its log', () => {
    const ownLog = id.replace(/LambdaFunction$/, 'LogGroup');
    expect(targetsOf(fn.Role, 'logs:PutLogEvents')).toEqual([ownLog]);
  });
});

it('submit may submit to both job queues, with any revision of both definitions', () => {
  const targets = targetsOf('SubmitRole', 'batch:SubmitJob');
  expect(targets).toEqual(expect.arrayContaining(jobQueues.map(([id]) => id)));
  for (const [, { JobDefinitionName: name }] of jobDefinitions) {
    expect(targets).toContainEqual(expect.stringMatching(new RegExp(`:job-definition/${name}:\\*$`)));
  }
  expect(targets).toHaveLength(jobQueues.length + jobDefinitions.length);
});

it('only submit may submit', () => {
  const others = [...roles.keys()].filter((role) => role !== 'SubmitRole');
  expect(others.flatMap((role) => targetsOf(role, 'batch:SubmitJob'))).toEqual([]);
});

it('nobody may end a Batch job that is not one of ours', () => {
  const ending = [...roles.values()].flat().filter((each) => each.Action.includes('batch:TerminateJob'));
  expect(ending).not.toEqual([]);
  for (const statement of ending) {
    expect(statement.Condition).toEqual({ Null: { 'aws:ResourceTag/headgate:job': 'false' } });
  }
});

it('the container may read and update job records, read and write objects of tenants, and nothing else', () => {
  expect(statementsOf('WorkerJobRole')).toEqual([
    expect.objectContaining({
      Action: ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'],
      Resource: ['JobsTable'],
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['JOB#*'] } },
    }),
    expect.objectContaining({
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: [expect.stringMatching(/^\$\{JobsBucket\.Arn\}\/tenants\/\*$/)],
    }),
  ]);
});
