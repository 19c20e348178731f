import * as z from 'zod';
import { batchArn } from './arns.ts';
import { Name, type Operation, parse, refusal, Tags } from './request.ts';
import type { Resources } from './resources.ts';

const CreateRequest = z.object({
  name: Name,
  fairsharePolicy: z
    .looseObject({
      shareDecaySeconds: z.int().min(0).max(604_800).optional(),
      computeReservation: z.int().min(0).max(99).optional(),
      shareDistribution: z
        .array(
          z.object({
            shareIdentifier: z.string(),
            weightFactor: z.number().min(0.0001).max(999.9999).optional(),
          }),
        )
        .max(500)
        .optional(),
    })
    .optional(),
  tags: Tags.default({}),
});

const DescribeRequest = z.object({ arns: z.array(z.string()).min(1).max(100) });

/** The share order here is by vCPU in use alone: weights, decay and reservation are kept and shown, not applied. */
export function policyOperations(resources: Resources, region: string): Record<string, Operation> {
  return {
    createschedulingpolicy(body) {
      const request = parse(CreateRequest, body);
      const arn = batchArn(region, 'scheduling-policy', request.name);
      if (resources.policy(arn)) throw refusal('Object already exists');
      resources.putPolicy({ ...request, arn });
      return { name: request.name, arn };
    },
    describeschedulingpolicies(body) {
      const { arns } = parse(DescribeRequest, body);
      return { schedulingPolicies: arns.flatMap((arn) => resources.policy(arn) ?? []) };
    },
  };
}
