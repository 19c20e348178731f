/** Scheduling policies: creating, changing, listing and deleting them. */
import * as z from 'zod';
import { batchArn } from '../arns.ts';
import { type Body, Name, type Operation, Paging, page, parse, refusal, Tags } from '../request.ts';
import { FairsharePolicy, overlapIn } from './fair-share.ts';
import type { Resources } from './resources.ts';

const CreateRequest = z.strictObject({
  name: Name,
  fairsharePolicy: FairsharePolicy.optional(),
  tags: Tags.default({}),
});

const UpdateRequest = z.strictObject({ arn: z.string(), fairsharePolicy: FairsharePolicy.optional() });
const DescribeRequest = z.strictObject({ arns: z.array(z.string()).min(1).max(100) });
const DeleteRequest = z.strictObject({ arn: z.string() });

/** @param onChange a policy in use was changed */
export function policyOperations(
  resources: Resources,
  region: string,
  onChange: () => void,
): Record<string, Operation> {
  return {
    createschedulingpolicy(body) {
      const request = parsePolicy(CreateRequest, body);
      const arn = batchArn(region, 'scheduling-policy', request.name);
      if (resources.policy(arn)) throw refusal('Object already exists');
      resources.putPolicy({ ...request, arn });
      return { name: request.name, arn };
    },
    updateschedulingpolicy(body) {
      const { arn, fairsharePolicy } = parsePolicy(UpdateRequest, body);
      const policy = resources.policy(arn);
      if (!policy) throw refusal(`Scheduling policy ${arn} does not exist`);
      resources.putPolicy({ ...policy, fairsharePolicy: fairsharePolicy ?? policy.fairsharePolicy });
      onChange();
      return {};
    },
    deleteschedulingpolicy(body) {
      const { arn } = parse(DeleteRequest, body);
      const queue = resources.queues().find(({ schedulingPolicyArn }) => schedulingPolicyArn === arn);
      if (queue) throw refusal(`Scheduling policy ${arn} is used by job queue ${queue.jobQueueName}`);
      if (resources.policy(arn)) resources.remove(arn);
      return {};
    },
    describeschedulingpolicies(body) {
      const { arns } = parse(DescribeRequest, body);
      return { schedulingPolicies: arns.flatMap((arn) => resources.policy(arn) ?? []) };
    },
    listschedulingpolicies(body) {
      const { items, ...rest } = page(resources.policies(), parse(z.strictObject(Paging), body));
      return { schedulingPolicies: items.map(({ arn }) => ({ arn })), ...rest };
    },
  };
}

function parsePolicy<Request extends { fairsharePolicy?: FairsharePolicy | undefined }>(
  schema: z.ZodType<Request>,
  body: Body,
): Request {
  const request = parse(schema, body);
  const overlap = overlapIn(request.fairsharePolicy ?? {});
  if (overlap) throw refusal(`The share identifiers ${overlap.join(' and ')} overlap`);
  return request;
}
