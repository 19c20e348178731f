// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are CloudFormation's own
import { describe, expect, test } from '@jest/globals';
import { stackOf } from './stack-of.ts';

const queue = (Properties: object = {}, more: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties,
  ...more,
});
const role = (more: object = {}) => ({ Type: 'AWS::IAM::Role', ...more });

test('each resource comes after those it refers to and those it depends on', () => {
  const stack = stackOf({
    Resources: {
      A: queue(
        { RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['C', 'Arn'] } } },
        { DependsOn: 'B' },
      ),
      B: queue({ QueueName: { 'Fn::Sub': '${D}-x' } }),
      C: queue(),
      D: role(),
    },
  });
  expect(stack.resources.map(({ logicalId }) => logicalId)).toEqual(['D', 'B', 'C', 'A']);
});

test('what a condition leaves out is not even looked at', () => {
  const stack = stackOf({
    Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
    Resources: {
      Out: { Type: 'Some::Unknown::Type', Condition: 'Never', Properties: { X: { 'Fn::Nope': 1 } } },
      In: role({ DependsOn: ['Out'] }),
    },
    Outputs: { Gone: { Condition: 'Never', Value: { Ref: 'Out' } }, Kept: { Value: { Ref: 'In' } } },
  });
  expect(stack.resources.map(({ logicalId }) => logicalId)).toEqual(['In']);
  expect(stack.outputs()).toEqual({ Kept: 'test-In' });
});

test('what a service answers takes the place of what was assumed', () => {
  const stack = stackOf({
    Resources: {
      Definition: { Type: 'AWS::Batch::JobDefinition', Properties: { JobDefinitionName: 'small' } },
      Role: role({ Properties: { RoleName: { 'Fn::GetAtt': ['Definition', 'JobDefinitionArn'] } } }),
    },
    Outputs: { Arn: { Value: { Ref: 'Definition' } } },
  });
  expect(stack.outputs()['Arn']).toBe('arn:aws:batch:us-east-1:000000000000:job-definition/small:1');
  stack.settle('Definition', { ref: 'small:7', attributes: { JobDefinitionArn: 'small:7' } });
  expect([stack.outputs()['Arn'], stack.resource('Role').properties['RoleName']]).toEqual([
    'small:7',
    'small:7',
  ]);
});

test.each<[string, object, RegExp]>([
  [
    'resources in a circle',
    {
      A: role({ DependsOn: ['Apart', 'B'] }),
      Apart: role(),
      B: queue({ QueueName: { Ref: 'C' } }),
      C: role({ DependsOn: ['A'] }),
    },
    /in a circle: A -> B -> C -> A/,
  ],
  [
    'a resource that depends on a name that is nowhere',
    { A: role({ DependsOn: 'B' }) },
    /DependsOn: there is no B/,
  ],
  [
    'a type that is not known',
    { A: { Type: 'AWS::SNS::Topic' } },
    /Resources\.A: AWS::SNS::Topic is not supported here; supported: .*AWS::SQS::Queue/,
  ],
  [
    'a property that would be dropped',
    { A: queue({ FifoQueue: true }) },
    /Resources\.A\.Properties: AWS::SQS::Queue does not take FifoQueue here; it takes .*QueueName/,
  ],
  ['a resource with a misspelt part', { A: { Type: 'AWS::IAM::Role', Propertys: {} } }, /Propertys/],
])('%s is refused', (_, Resources, message) => {
  expect(() => stackOf({ Resources })).toThrow(message);
});

test('a reference to what a condition leaves out is refused', () => {
  const template = {
    Conditions: { Never: { 'Fn::Equals': ['a', 'b'] } },
    Resources: { Out: queue({}, { Condition: 'Never' }), In: queue({ QueueName: { Ref: 'Out' } }) },
  };
  expect(() => stackOf(template)).toThrow(
    'Resources.In.Properties.QueueName.Ref: Out is left out by its condition Never',
  );
});

test('a template with a macro is refused', () => {
  expect(() => stackOf({ Transform: 'AWS::Serverless-2016-10-31', Resources: {} })).toThrow(/Transform/);
});

describe('parameters', () => {
  const value = (parameter: object, given?: string) =>
    stackOf(
      {
        Parameters: { P: parameter },
        Resources: { A: role({ Properties: { RoleName: { Ref: 'P' } } }) },
      },
      given === undefined ? {} : { P: given },
    ).resource('A').properties['RoleName'];

  test('what is given takes the place of the default', () => {
    expect(value({ Type: 'String', Default: 'a' })).toBe('a');
    expect(value({ Type: 'String', Default: 'a' }, 'b')).toBe('b');
  });

  test('a name the template does not have is refused with those it has', () => {
    expect(() => stackOf({ Parameters: { P: { Type: 'String' } }, Resources: {} }, { Q: '1' })).toThrow(
      'Parameters: there is no Q; the template has P',
    );
  });

  test.each<[string, object, string | undefined, RegExp]>([
    ['without default and not given', { Type: 'String' }, undefined, /has no default and was not given/],
    ['that is no number', { Type: 'Number', Default: 1 }, 'many', /Parameters\.P: "many" is no number/],
    ['below its minimum', { Type: 'Number', MinValue: 1 }, '0', /"0" is outside its constraints/],
    ['above its maximum', { Type: 'Number', MaxValue: 9 }, '10', /"10" is outside/],
    ['that is too short', { Type: 'String', MinLength: 2 }, 'a', /"a" is outside/],
    ['that is not among those allowed', { Type: 'String', AllowedValues: ['a'] }, 'b', /"b" is outside/],
    [
      'of another form',
      { Type: 'String', AllowedPattern: '[a-z]+', ConstraintDescription: 'Lower case.' },
      'aA',
      /Lower case\./,
    ],
    [
      'of which one word has another form',
      { Type: 'CommaDelimitedList', AllowedPattern: 'a.*' },
      'ab,b',
      /"b"/,
    ],
    ['of the Parameter Store', { Type: 'AWS::SSM::Parameter::Value<String>' }, 'x', /no Parameter Store/],
  ])('a value %s is refused', (_, parameter, given, message) => {
    expect(() => value(parameter, given)).toThrow(message);
  });
});
