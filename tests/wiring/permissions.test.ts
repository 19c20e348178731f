/** No function and no container may do more than its code does, nor may an intruder in one of them. */
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
import { rightsOf } from './rights.ts';

/** Actions for which AWS has no resource level. Service Authorization Reference, "AWS Batch" and "Amazon ECR". */
const withoutResourceLevel = [
  // Lambda makes the interfaces of its functions with these.
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
  'batch:DescribeComputeEnvironments',
  'batch:DescribeJobQueues',
  'batch:DescribeJobs',
  'batch:ListJobs',
  'ecr:GetAuthorizationToken',
];

const roles = new Map(resources('AWS::IAM::Role', Role));
const everyFunction = resources('AWS::Lambda::Function', LambdaFunction);
/** The functions of job types share what every container may (isolation.test.ts). */
const functions = everyFunction.filter(([, fn]) => fn.Role !== 'RunRole');
const mappings = resources('AWS::Lambda::EventSourceMapping', EventSourceMapping).map(([, each]) => each);
const jobQueues = resources('AWS::Batch::JobQueue', JobQueue);
const jobDefinitions = resources('AWS::Batch::JobDefinition', JobDefinition);

function statementsOf(role: string): Statement[] {
  const statements = roles.get(role);
  if (statements === undefined) throw new Error(`${role} is not a role of this stack`);
  return statements;
}
const allowing = (statements: readonly Statement[]) => statements.filter(({ Effect }) => Effect === 'Allow');
function actionsOf(statements: readonly Statement[]): string[] {
  return [...new Set(allowing(statements).flatMap((statement) => statement.Action))].sort();
}
function targetsOf(role: string, action: string): string[] {
  const granting = allowing(statementsOf(role)).filter((statement) => statement.Action.includes(action));
  return granting.flatMap((statement) => statement.Resource).sort();
}

it('no two functions share a role', () => {
  const used = functions.map(([, fn]) => fn.Role);
  expect(new Set(used).size).toBe(used.length);
});

it('no role stands unused', () => {
  const used = [
    ...everyFunction.map(([, fn]) => fn.Role),
    ...jobDefinitions.flatMap(([, { ContainerProperties: c }]) => [c.JobRoleArn, c.ExecutionRoleArn]),
    // Lent, with a session policy (isolation.test.ts).
    'ObjectsRole',
  ];
  expect([...roles.keys()].sort()).toEqual([...new Set(used)].sort());
});

describe.each([...roles])('%s', (_id, statements) => {
  it('allows actions one by one', () => {
    expect(actionsOf(statements).filter((action) => /\*/.test(action))).toEqual([]);
  });

  it('allows them on named resources, unless AWS knows no names for them', () => {
    const anywhere = statements.filter((statement) => statement.Resource.includes('*'));
    const actions = anywhere.flatMap((statement) => statement.Action);
    expect(actions.filter((action) => !withoutResourceLevel.includes(action))).toEqual([]);
  });
});

/** Lambda does these as the function: it takes messages for it and writes its log. */
const RECEIVING = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
/** One for each queue that wakes a function. */
const DEAD_LETTERS = ['Delivery', 'Events', 'Front', 'Notify', 'Submit'].map(
  (name) => `${name}DeadLetterQueue`,
);
const LOGGING = ['logs:CreateLogStream', 'logs:PutLogEvents'];

describe.each(functions)('%s', (id, fn) => {
  const mapping = mappings.find((each) => each.FunctionName === id);
  const rights = rightsOf(fn.Handler.replace(/\.handler$/, '.ts'));

  it('may do what its code can call, and what Lambda does for it, and nothing else', () => {
    const byLambda = mapping === undefined ? LOGGING : [...LOGGING, ...RECEIVING];
    expect(actionsOf(statementsOf(fn.Role))).toEqual([...rights.actions, ...byLambda].sort());
  });

  it('may receive from the queue that wakes it, and from no other', () => {
    for (const action of RECEIVING) {
      const receives = mapping === undefined ? [] : [mapping.EventSourceArn];
      // What is in a queue cannot be read by its attributes; how much there is can be.
      const counts =
        action === 'sqs:GetQueueAttributes' && rights.actions.includes(action) ? DEAD_LETTERS : [];
      const on = [...receives, ...counts];
      expect({ action, on: targetsOf(fn.Role, action) }).toEqual({ action, on });
    }
  });

  it('may use the table and the indexes that it queries, and no other', () => {
    for (const action of rights.actions.filter((each) => each.startsWith('dynamodb:'))) {
      const queried = rights.queries.map((index) =>
        index === 'table' ? 'JobsTable' : `\${JobsTable.Arn}/index/${index}`,
      );
      const on = action === 'dynamodb:Query' ? queried.sort() : ['JobsTable'];
      // Keys are in a table of their own (doors.test.ts).
      const targets = targetsOf(fn.Role, action).filter((target) => target !== 'KeysTable');
      expect({ action, on: targets }).toEqual({ action, on });
    }
  });

  it('may send to the queues it is told of, and to no other', () => {
    const told = Object.entries(fn.Environment.Variables).flatMap(([name, value]) =>
      name.endsWith('_QUEUE_URL') && 'refersTo' in value ? [value.refersTo] : [],
    );
    expect(targetsOf(fn.Role, 'sqs:SendMessage')).toEqual(told.sort());
  });

  it('may publish on the bus it is told of, if it publishes', () => {
    const { EVENT_BUS_NAME: bus } = fn.Environment.Variables;
    const allowed = bus !== undefined && 'refersTo' in bus ? [bus.refersTo] : [];
    expect(targetsOf(fn.Role, 'events:PutEvents')).toEqual(allowed);
  });

  it('may write its log', () => {
    const ownLog = id.replace(/LambdaFunction$/, 'LogGroup');
    expect(targetsOf(fn.Role, 'logs:PutLogEvents')).toEqual([ownLog]);
  });
});

it('submit may submit to both job queues, with any revision of the definitions of its own stage', () => {
  const targets = targetsOf('SubmitRole', 'batch:SubmitJob');
  expect(targets).toEqual(expect.arrayContaining(jobQueues.map(([id]) => id)));
  const [pattern = '', ...more] = targets.filter((target) => target.includes(':job-definition/'));
  expect(more).toEqual([]);
  const prefix = pattern.replace(/^.*:job-definition\//, '').replace(/\*$/, '');
  for (const [, { JobDefinitionName: name }] of jobDefinitions)
    expect(name).toMatch(new RegExp(`^${prefix}`));
  // A stage has letters, digits and dashes, so that the name of no other stage begins like this.
  expect(prefix).toMatch(/^headgate-[A-Za-z0-9-]+_$/);
  const queues = targets.filter((target) => target.includes(':job-queue/'));
  expect(queues.map((target) => target.replace(/^.*:job-queue\//, ''))).toEqual([`${prefix}*`]);
  expect(targets).toHaveLength(jobQueues.length + 2);
});

it('submit may start the functions of job types of its own stage, and no other function', () => {
  const [pattern = '', ...more] = targetsOf('SubmitRole', 'lambda:InvokeFunction');
  expect(more).toEqual([]);
  const prefix = pattern.replace(/^.*:function:/, '').replace(/\*$/, '');
  expect(prefix).toMatch(/^headgate-[A-Za-z0-9-]+_$/);
  for (const [, { FunctionName, Role }] of everyFunction)
    expect({ FunctionName, may: FunctionName.startsWith(prefix) }).toEqual({
      FunctionName,
      may: Role === 'RunRole',
    });
});

it('only submit may submit', () => {
  const others = [...roles.keys()].filter((role) => role !== 'SubmitRole');
  expect(others.flatMap((role) => targetsOf(role, 'batch:SubmitJob'))).toEqual([]);
});

it('no role may terminate a Batch job that is not one of ours', () => {
  const ending = [...roles.values()].flat().filter((each) => each.Action.includes('batch:TerminateJob'));
  expect(ending).not.toEqual([]);
  for (const statement of ending) {
    expect(statement.Condition).toEqual({ Null: { 'aws:ResourceTag/headgate:job': 'false' } });
  }
});
