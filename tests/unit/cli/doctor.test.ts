/** Checks of a stack in AWS that no laptop has: its schedule, and rights that only some stages give. */
import { ResourceNotFoundException } from '@aws-sdk/client-eventbridge';
import { expect, test } from '@jest/globals';
import { roles } from '../../../cli/doctor/account.ts';
import type { Patient } from '../../../cli/doctor/check.ts';
import { tickSchedule } from '../../../cli/doctor/events.ts';

const answering = (answers: Readonly<Record<string, () => object>>) => ({
  send: async (command: object) => answers[command.constructor.name.replace(/Command$/, '')]?.() ?? {},
});
/** What a check does not look at is not there. */
const patient = (parts: object) => ({ stage: 'prod', isLaptop: false, ...parts }) as unknown as Patient;

const named = new Map([['TickEventsRuleSchedule1', 'a-rule']]);
const missing = () => {
  throw new ResourceNotFoundException({ message: 'Rule a-rule does not exist', $metadata: {} });
};

test.each<[string, ReadonlyMap<string, string>, () => object, object]>([
  ['enabled', named, () => ({ State: 'ENABLED' }), { kind: 'ok' }],
  [
    'disabled',
    named,
    () => ({ State: 'DISABLED' }),
    { kind: 'wrong', says: expect.stringContaining('disabled') },
  ],
  ['deleted by hand', named, missing, { kind: 'wrong', says: expect.stringContaining('deleted') }],
  ['not of the stack', new Map(), missing, { kind: 'wrong', says: expect.stringContaining('found none') }],
])('a schedule of tick that is %s', async (_, resources, DescribeRule, finding) => {
  expect(await tickSchedule.look(patient({ resources, events: answering({ DescribeRule }) }))).toMatchObject(
    finding,
  );
});

const document = (...Action: string[]) => ({ Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });
const template = {
  Resources: {
    NotifyRole: {
      Type: 'AWS::IAM::Role',
      Properties: { Policies: [{ PolicyDocument: document('sqs:SendMessage') }] },
    },
    TracesPolicy: {
      Type: 'AWS::IAM::Policy',
      Condition: 'SignsTraces',
      Properties: { Roles: [{ Ref: 'NotifyRole' }], PolicyDocument: document('xray:PutSpans') },
    },
  },
};

test.each<[string, boolean, readonly string[], string]>([
  ['that gives it', true, ['sqs:SendMessage', 'xray:PutSpans'], 'ok'],
  ['that gives it, and it was taken away', true, ['sqs:SendMessage'], 'wrong'],
  ['that does not give it', false, ['sqs:SendMessage'], 'ok'],
  ['that does not give it, and it was added by hand', false, ['sqs:SendMessage', 'xray:PutSpans'], 'wrong'],
])('a right of some stages is expected in a stage %s', async (_, given, actions, kind) => {
  const resources = new Map([
    ['NotifyRole', 'notify'],
    ...(given ? [['TracesPolicy', 'traces'] as const] : []),
  ]);
  const found = await roles.look(
    patient({
      resources,
      cloudFormation: answering({ GetTemplate: () => ({ TemplateBody: JSON.stringify(template) }) }),
      iam: answering({
        ListRolePolicies: () => ({ PolicyNames: ['notify'] }),
        GetRolePolicy: () => ({ PolicyDocument: encodeURIComponent(JSON.stringify(document(...actions))) }),
      }),
    }),
  );
  expect(found.kind).toBe(kind);
});
