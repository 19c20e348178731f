/** What an account has that Headgate is deployed to: roles, endpoints, resources, and every action that there is on them. */
import * as batch from '@aws-sdk/client-batch';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as ecr from '@aws-sdk/client-ecr';
import * as events from '@aws-sdk/client-eventbridge';
import * as kms from '@aws-sdk/client-kms';
import * as lambda from '@aws-sdk/client-lambda';
import * as s3 from '@aws-sdk/client-s3';
import * as sqs from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { Role, resources, Statement, template } from '../support/template.ts';
import { arnOf } from './policies.ts';

export const roles = new Map(resources('AWS::IAM::Role', Role));
export const statementsOf = (role: string) => roles.get(role) ?? [];
export const endpoints = resources(
  'AWS::EC2::VPCEndpoint',
  z.object({ PolicyDocument: z.object({ Statement: z.array(Statement) }) }),
).map(([id, { PolicyDocument }]) => [id, PolicyDocument.Statement] as const);

export const OTHERS_OBJECT = `${arnOf('JobsBucket')}/tenants/globex/inputs/a.csv`;
export const OTHERS_RESULT = `${arnOf('JobsBucket')}/tenants/globex/results/job/run-1/result.json`;
const SECRET = 'arn:aws:secretsmanager:eu-west-1:111111111111:secret:smtp-AbCdEf';
/** Everything that the stack has, and what tenants have in it. */
export const RESOURCES = [
  ...Object.keys(template.Resources).map(arnOf),
  OTHERS_OBJECT,
  OTHERS_RESULT,
  SECRET,
  'arn:aws:batch:eu-west-1:111111111111:job/6f1c1b0e-1111-4222-8333-444455556666',
  'arn:aws:lambda:eu-west-1:222222222222:function:theirs',
  'arn:aws:s3:::their-bucket/stolen.csv',
  '*',
];

const commandsOf = (service: string, client: object) =>
  Object.keys(client).flatMap((name) => (/Command$/.test(name) ? [`${service}:${name.slice(0, -7)}`] : []));
/** Every action that a policy of the stack names, and every one of the services that it uses. */
export const ACTIONS = [
  ...new Set([
    ...[...roles.values()].flat().flatMap((statement) => statement.Action),
    ...endpoints.flatMap(([, statements]) => statements.flatMap((statement) => statement.Action)),
    ...commandsOf('batch', batch),
    ...commandsOf('dynamodb', dynamodb),
    ...commandsOf('ecr', ecr),
    ...commandsOf('events', events),
    ...commandsOf('kms', kms),
    ...commandsOf('lambda', lambda),
    ...commandsOf('s3', s3),
    ...commandsOf('sqs', sqs),
    'iam:PassRole',
    'logs:GetLogEvents',
    'secretsmanager:GetSecretValue',
    'ssm:GetParameters',
    'sts:AssumeRole',
  ]),
];

export const OWN = { 'aws:PrincipalAccount': '111111111111', 'aws:PrincipalArn': arnOf('WorkerJobRole') };
export const FOREIGN = {
  'aws:PrincipalAccount': '222222222222',
  'aws:PrincipalArn': 'arn:aws:iam::222222222222:role/theirs',
};
