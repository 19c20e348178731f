// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders are CloudFormation's own
import { expect, test } from '@jest/globals';
import { resolved } from './stack-of.ts';

const template = {
  Parameters: {
    Word: { Type: 'String', Default: 'word' },
    Size: { Type: 'Number', Default: 16 },
    Zones: { Type: 'CommaDelimitedList', Default: 'x, y' },
    None: { Type: 'CommaDelimitedList', Default: '' },
  },
  Mappings: { Sizes: { 'us-east-1': { small: 3 } } },
  Conditions: {
    Yes: { 'Fn::Equals': [{ Ref: 'Word' }, 'word'] },
    No: { 'Fn::Not': [{ Condition: 'Yes' }] },
    Both: { 'Fn::And': [{ Condition: 'Yes' }, { Condition: 'No' }] },
    Either: { 'Fn::Or': [{ Condition: 'Yes' }, { Condition: 'No' }] },
    SameNumber: { 'Fn::Equals': [{ Ref: 'Size' }, '16'] },
  },
  Resources: {
    Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'work' } },
    Role: { Type: 'AWS::IAM::Role' },
    Images: { Type: 'AWS::ECR::Repository', Properties: { RepositoryName: 'images' } },
  },
};
const queueArn = 'arn:aws:sqs:us-east-1:000000000000:work';

test.each<[string, unknown, unknown]>([
  ['a queue is its URL', { Ref: 'Queue' }, 'http://127.0.0.1:1/000000000000/work'],
  ['a role without a name is named after the stack', { Ref: 'Role' }, 'test-Role'],
  ['a number stays a number', { Ref: 'Size' }, 16],
  ['a list of words is a list', { Ref: 'Zones' }, ['x', 'y']],
  ['an empty list has one empty word, as on AWS', { Ref: 'None' }, ['']],
  ['an attribute as a list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, queueArn],
  ['an attribute as text', { 'Fn::GetAtt': 'Queue.Arn' }, queueArn],
  ['the account', { Ref: 'AWS::AccountId' }, '000000000000'],
  [
    'what is in a text',
    { 'Fn::Sub': 'arn:${AWS::Partition}:x:${AWS::Region}:${Word}-${Queue.QueueName}-${Size}' },
    'arn:aws:x:us-east-1:word-work-16',
  ],
  ['a literal in a text', { 'Fn::Sub': '${!Word} ${Word}' }, '${Word} word'],
  ['words of a text’s own', { 'Fn::Sub': ['${A}/${Word}', { A: { Ref: 'Size' }, Word: 'mine' }] }, '16/mine'],
  ['joined', { 'Fn::Join': ['-', ['a', { Ref: 'Word' }, 3]] }, 'a-word-3'],
  ['a text in base64', { 'Fn::Base64': { 'Fn::Sub': 'a ${Word}' } }, 'YSB3b3Jk'],
  ['a list joined', { 'Fn::Join': ['', { Ref: 'None' }] }, ''],
  ['split', { 'Fn::Split': ['/', 'a/b'] }, ['a', 'b']],
  ['selected', { 'Fn::Select': ['1', { Ref: 'Zones' }] }, 'y'],
  ['chosen by a condition', { 'Fn::If': ['Yes', { Ref: 'Word' }, { Ref: 'Missing' }] }, 'word'],
  ['not chosen', { 'Fn::If': ['No', { Ref: 'Missing' }, 'other'] }, 'other'],
  ['both of two', { 'Fn::If': ['Both', 1, 2] }, 2],
  ['either of two', { 'Fn::If': ['Either', 1, 2] }, 1],
  ['a number compared with text', { 'Fn::If': ['SameNumber', 1, 2] }, 1],
  ['looked up', { 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, 'small'] }, 3],
  ['a zone', { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }, 'us-east-1a'],
  [
    'subnets of a block',
    { 'Fn::Cidr': ['10.0.255.0/16', 3, 8] },
    ['10.0.255.0/24', '10.1.0.0/24', '10.1.1.0/24'],
  ],
  ['nothing, in an object', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
  ['nothing, in a list', [1, { 'Fn::If': ['No', 2, { Ref: 'AWS::NoValue' }] }], [1]],
  ['a key that only looks like a function', { Ref: 'Word', other: 1 }, { Ref: 'Word', other: 1 }],
  [
    'the address of an image',
    { 'Fn::Sub': '${Images.RepositoryUri}:latest' },
    '000000000000.dkr.ecr.us-east-1.amazonaws.com/images:latest',
  ],
])('%s', (_, value, expected) => {
  expect(resolved(value, template)).toStrictEqual(expected);
});

test.each<[string, unknown, RegExp]>([
  [
    'a function that is not supported',
    { 'Fn::ImportValue': 'x' },
    /Fn::ImportValue is not supported.*Fn::Sub/,
  ],
  ['a name that is nowhere', { Ref: 'Missing' }, /there is no Missing in the template/],
  ['a name in a text that is nowhere', { 'Fn::Sub': 'x${Missing}' }, /there is no Missing/],
  ['a pseudo parameter that is not supported', { Ref: 'AWS::StackId' }, /AWS::StackId is not.*AWS::Region/],
  [
    'an attribute that is not known',
    { 'Fn::GetAtt': ['Queue', 'Nope'] },
    /no attribute Nope.*Arn, QueueName/,
  ],
  ['a condition that is nowhere', { 'Fn::If': ['Nope', 1, 2] }, /no condition Nope/],
  ['an index outside the list', { 'Fn::Select': [2, ['a', 'b']] }, /no item 2 in a list of 2/],
  ['a list inside a text', { 'Fn::Sub': '${Zones}' }, /Probed\.Fn::Sub\.Zones: /],
  ['a map without the key', { 'Fn::FindInMap': ['Sizes', 'x', 'y'] }, /Mappings has no Sizes\.x\.y/],
])('%s is refused where it stands', (_, value, message) => {
  expect(() => resolved(value, template)).toThrow(message);
  expect(() => resolved(value, template)).toThrow('Resources.Probe.Properties.Probed');
});
