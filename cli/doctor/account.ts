/** What only an account in AWS has: functions, their roles, and quotas. */

import { DescribeComputeEnvironmentsCommand, DescribeJobQueuesCommand } from '@aws-sdk/client-batch';
import { GetTemplateCommand } from '@aws-sdk/client-cloudformation';
import { GetRolePolicyCommand, ListRolePoliciesCommand } from '@aws-sdk/client-iam';
import {
  GetAccountSettingsCommand,
  GetFunctionConfigurationCommand,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import { GetServiceQuotaCommand } from '@aws-sdk/client-service-quotas';
import * as z from 'zod';
import { type Check, ok, onAws, type Patient, wrong } from './check.ts';
import { queueFacts } from './queues.ts';

/** A queue must hide a message for six times as long as its function may run. @see AWS Lambda developer guide, "Using Lambda with Amazon SQS" */
const VISIBILITY_FACTOR = 6;

async function mappingsOf({ lambda }: Patient, EventSourceArn: string) {
  const { EventSourceMappings = [] } = await lambda.send(
    new ListEventSourceMappingsCommand({ EventSourceArn }),
  );
  return EventSourceMappings;
}

export const mappings: Check = onAws({
  id: 'functions.mappings',
  fix: 'Enable the event source mapping, or deploy the stack again: its queue is not read.',
  async look(patient) {
    const queues = await queueFacts(patient);
    const states = await Promise.all(
      queues.map(async ({ name, arn }) => ({
        name,
        states: (await mappingsOf(patient, arn)).map(({ State }) => State),
      })),
    );
    const bad = states.filter(
      (each) => each.states.length === 0 || each.states.some((state) => state !== 'Enabled'),
    );
    return bad.length === 0
      ? ok(`${queues.length} queues are read by their functions`)
      : wrong(
          bad
            .map(
              ({ name, states: found }) =>
                `expected an enabled mapping of ${name}, found ${found.join() || 'none'}`,
            )
            .join('; '),
        );
  },
});

export const visibility: Check = onAws({
  id: 'queues.visibility',
  fix: 'Deploy the stack again: a message would come back while its function still works on it.',
  async look(patient) {
    const bad: string[] = [];
    for (const { name, arn, visibilitySeconds } of await queueFacts(patient))
      for (const { FunctionArn } of await mappingsOf(patient, arn)) {
        const command = new GetFunctionConfigurationCommand({ FunctionName: FunctionArn });
        const { Timeout = 0 } = await patient.lambda.send(command);
        const least = VISIBILITY_FACTOR * Timeout;
        if (visibilitySeconds < least)
          bad.push(`expected at least ${least} s of visibility at ${name}, found ${visibilitySeconds} s`);
      }
    return bad.length === 0
      ? ok(
          `each queue hides a message for at least ${VISIBILITY_FACTOR} times as long as its function may run`,
        )
      : wrong(bad.join('; '));
  },
});

const Template = z.object({
  Resources: z.record(z.string(), z.object({ Type: z.string(), Properties: z.unknown().optional() })),
});
const RoleProperties = z.object({ Policies: z.array(z.object({ PolicyDocument: z.unknown() })).default([]) });
const Statements = z.object({
  Statement: z.array(z.object({ Action: z.union([z.string(), z.array(z.string())]) }).loose()),
});

/** The actions of a policy, whatever it is written like. */
function actionsOf(documents: readonly unknown[]): string[] {
  const actions = documents.flatMap((document) =>
    Statements.parse(document).Statement.flatMap(({ Action }) => Action),
  );
  return [...new Set(actions)].toSorted();
}

const PolicyProperties = z.object({
  Roles: z.array(z.object({ Ref: z.string() })),
  PolicyDocument: z.unknown(),
});

/** Policies of the template that a role has only in some stages: one that this stage has not has no physical id. */
function besideRole(
  all: z.infer<typeof Template>['Resources'],
  resources: Patient['resources'],
  role: string,
): readonly unknown[] {
  return Object.entries(all).flatMap(([logicalId, { Type, Properties }]) => {
    if (Type !== 'AWS::IAM::Policy' || !resources.has(logicalId)) return [];
    const { Roles, PolicyDocument } = PolicyProperties.parse(Properties);
    return Roles.some(({ Ref }) => Ref === role) ? [PolicyDocument] : [];
  });
}

export const roles: Check = onAws({
  id: 'roles.actions',
  fix: 'Deploy the stack again: a role was changed by hand. More rights are a risk, fewer stop a function.',
  async look({ cloudFormation, iam, resources, stage }) {
    const StackName = `headgate-${stage}`;
    const { TemplateBody = '{}' } = await cloudFormation.send(new GetTemplateCommand({ StackName }));
    const { Resources } = Template.parse(JSON.parse(TemplateBody));
    const bad: string[] = [];
    let count = 0;
    for (const [logicalId, { Type, Properties }] of Object.entries(Resources)) {
      const RoleName = resources.get(logicalId);
      if (Type !== 'AWS::IAM::Role' || RoleName === undefined) continue;
      count++;
      const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
      const policies = await Promise.all(
        PolicyNames.map((PolicyName) => iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }))),
      );
      // IAM gives policies as URL-encoded JSON.
      const found = actionsOf(
        policies.map(({ PolicyDocument = '{}' }) => JSON.parse(decodeURIComponent(PolicyDocument))),
      );
      const { Policies } = RoleProperties.parse(Properties);
      const beside = besideRole(Resources, resources, logicalId);
      const expected = actionsOf([...Policies.map(({ PolicyDocument }) => PolicyDocument), ...beside]);
      const differing = [...new Set([...found, ...expected])].filter(
        (action) => found.includes(action) !== expected.includes(action),
      );
      if (differing.length > 0) bad.push(`${logicalId} differs in ${differing.join(', ')}`);
    }
    return bad.length === 0
      ? ok(`${count} roles have exactly the actions of the stack's template`)
      : wrong(`expected the actions of the stack's template, found that ${bad.join('; ')}`);
  },
});

/** "Fargate On-Demand vCPU resource count" */
const FARGATE_VCPUS = { ServiceCode: 'fargate', QuotaCode: 'L-3032A538' };

export const fargateQuota: Check = onAws({
  id: 'quota.fargate',
  fix: 'Ask for a higher quota "Fargate On-Demand vCPU resource count" in Service Quotas, or deploy with a lower MaxvCpus.',
  async look({ batch, quotas, jobQueues: [standard = ''] }) {
    const { jobQueues = [] } = await batch.send(new DescribeJobQueuesCommand({ jobQueues: [standard] }));
    const names = jobQueues.flatMap(({ computeEnvironmentOrder = [] }) =>
      computeEnvironmentOrder.flatMap(({ computeEnvironment }) => computeEnvironment ?? []),
    );
    const { computeEnvironments = [] } = await batch.send(
      new DescribeComputeEnvironmentsCommand({ computeEnvironments: names }),
    );
    const needed = Math.max(
      0,
      ...computeEnvironments.map(({ computeResources }) => computeResources?.maxvCpus ?? 0),
    );
    const { Quota } = await quotas.send(new GetServiceQuotaCommand(FARGATE_VCPUS));
    const allowed = Quota?.Value ?? 0;
    return allowed >= needed
      ? ok(`${allowed} vCPUs of Fargate are allowed, and MaxvCpus is ${needed}`)
      : wrong(`expected a quota of at least ${needed} vCPUs of Fargate, which is MaxvCpus, found ${allowed}`);
  },
});

export const lambdaConcurrency: Check = onAws({
  id: 'quota.lambda',
  fix: 'Ask for a higher quota "Concurrent executions" of Lambda in Service Quotas: a throttle counts as a receive, and five bury a message.',
  async look(patient) {
    const { AccountLimit } = await patient.lambda.send(new GetAccountSettingsCommand());
    const mapped = await Promise.all((await queueFacts(patient)).map(({ arn }) => mappingsOf(patient, arn)));
    const needed = mapped
      .flat()
      .reduce((sum, { ScalingConfig }) => sum + (ScalingConfig?.MaximumConcurrency ?? 0), 0);
    const allowed = AccountLimit?.ConcurrentExecutions ?? 0;
    return allowed >= needed
      ? ok(`${allowed} functions may run at once, and the queues may use ${needed}`)
      : wrong(`expected a concurrency of at least ${needed}, which the queues may use, found ${allowed}`);
  },
});
