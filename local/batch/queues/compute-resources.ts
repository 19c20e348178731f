/**
 * What a compute environment may say of its resources, as one table of members: for instances and for Fargate. Here
 * nothing but the type and the vCPUs has an effect; the rest is kept and described.
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html
 */
import * as z from 'zod';
import { Int32, Tags } from '../request.ts';

const Text = z.string().min(1);
const Strings = z.array(Text);
/** A family, a type, or what stands for several. Which ones AWS has at the moment is not known here. */
const InstanceType = z
  .string()
  .regex(/^(optimal|default_(x86_64|arm64)|[a-z][a-z0-9-]*(\.[a-z0-9-]+)?)$/, 'is not an instance type');
const oneTemplate = {
  launchTemplateId: Text.optional(),
  launchTemplateName: Text.optional(),
  version: z.string().optional(),
  userdataType: z.enum(['EKS_BOOTSTRAP_SH', 'EKS_NODEADM']).optional(),
};
const MAX_TEMPLATE_OVERRIDES = 10;
const EITHER = 'takes either launchTemplateId or launchTemplateName';
const hasOneName = (template: {
  launchTemplateId?: string | undefined;
  launchTemplateName?: string | undefined;
}) => (template.launchTemplateId === undefined) !== (template.launchTemplateName === undefined);
const LaunchTemplate = z
  .strictObject({
    ...oneTemplate,
    overrides: z
      .array(
        z
          .strictObject({ ...oneTemplate, targetInstanceTypes: z.array(InstanceType).optional() })
          .refine(hasOneName, EITHER),
      )
      .max(MAX_TEMPLATE_OVERRIDES)
      .optional(),
  })
  .refine(hasOneName, EITHER);

/** @see https://docs.aws.amazon.com/batch/latest/APIReference/API_Ec2Configuration.html */
const Ec2Configuration = z.strictObject({
  imageType: Text.max(256),
  imageIdOverride: Text.max(256).optional(),
  imageKubernetesVersion: Text.max(256).optional(),
});

const members = {
  allocationStrategy: z
    .enum([
      'BEST_FIT',
      'BEST_FIT_PROGRESSIVE',
      'BEST_FIT_PROGRESSIVE_ORDERED',
      'SPOT_CAPACITY_OPTIMIZED',
      'SPOT_PRICE_CAPACITY_OPTIMIZED',
      'SPOT_CAPACITY_OPTIMIZED_PRIORITIZED',
    ])
    .optional(),
  minvCpus: Int32.min(0).optional(),
  desiredvCpus: Int32.min(0).optional(),
  instanceTypes: z.array(InstanceType).min(1).optional(),
  imageId: z.string().optional(),
  subnets: Strings.optional(),
  securityGroupIds: Strings.optional(),
  ec2KeyPair: z.string().optional(),
  instanceRole: z.string().optional(),
  tags: Tags.optional(),
  placementGroup: z.string().optional(),
  bidPercentage: Int32.min(1).max(100).optional(),
  spotIamFleetRole: z.string().optional(),
  launchTemplate: LaunchTemplate.optional(),
  ec2Configuration: z.array(Ec2Configuration).min(1).max(2).optional(),
  scalingPolicy: z
    .strictObject({ minScaleDownDelayMinutes: Int32.min(20).max(10_080).optional() })
    .optional(),
};

const Type = z.enum(['EC2', 'SPOT', 'FARGATE', 'FARGATE_SPOT'], {
  error: 'only EC2, SPOT, FARGATE and FARGATE_SPOT are implemented here',
});

export const ComputeResources = z.strictObject({
  type: Type,
  maxvCpus: Int32.min(1),
  ...members,
});
export type ComputeResources = z.infer<typeof ComputeResources>;

export const ComputeResourcesUpdate = z.strictObject({
  type: Type.optional(),
  maxvCpus: Int32.min(0).optional(),
  ...members,
});

const MAX_FARGATE_SUBNETS = 16;
const MAX_FARGATE_SECURITY_GROUPS = 5;
const FARGATE_MEMBERS = ['type', 'maxvCpus', 'subnets', 'securityGroupIds'];

export function isFargate(type: string): boolean {
  return type.startsWith('FARGATE');
}

/** @returns the first thing that AWS would not take */
export function resourcesFault(resources: ComputeResources): string | undefined {
  const { subnets = [] } = resources;
  if (subnets.length === 0) return 'At least one subnet is required.';
  return isFargate(resources.type) ? fargateFault(resources) : instancesFault(resources);
}

function fargateFault(resources: ComputeResources): string | undefined {
  const { subnets = [], securityGroupIds = [] } = resources;
  const given = Object.entries(resources).filter(([, value]) => value !== undefined);
  const foreign = given.find(([name]) => !FARGATE_MEMBERS.includes(name));
  if (foreign) return `${foreign[0]} is not applicable for Fargate.`;
  if (subnets.length > MAX_FARGATE_SUBNETS) return `Fargate takes at most ${MAX_FARGATE_SUBNETS} subnets.`;
  if (securityGroupIds.length === 0) return 'At least one security group is required for Fargate.';
  return securityGroupIds.length > MAX_FARGATE_SECURITY_GROUPS
    ? `Fargate takes at most ${MAX_FARGATE_SECURITY_GROUPS} security groups.`
    : undefined;
}

/**
 * What an update may not do that a creation may.
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResourceUpdate.html
 * @see https://docs.aws.amazon.com/batch/latest/userguide/updating-compute-environments.html
 */
export function updateFault(
  current: ComputeResources,
  update: z.infer<typeof ComputeResourcesUpdate>,
): string | undefined {
  const { desiredvCpus, allocationStrategy = current.allocationStrategy ?? 'BEST_FIT' } = update;
  if (update.allocationStrategy === 'BEST_FIT') return 'BEST_FIT is not supported in an update.';
  if (desiredvCpus !== undefined && desiredvCpus < (current.desiredvCpus ?? current.minvCpus ?? 0)) {
    return `desiredvCpus ${desiredvCpus} is less than it is now.`;
  }
  if (isFargate(current.type) || allocationStrategy !== 'BEST_FIT') return undefined;
  const changed = Object.entries(update).find(
    ([name, value]) => value !== undefined && !SCALING_MEMBERS.includes(name),
  );
  return changed && `${changed[0]} cannot be updated with the allocation strategy BEST_FIT.`;
}

/** What an update changes without new instances, which BEST_FIT does not support. */
const SCALING_MEMBERS = ['minvCpus', 'maxvCpus', 'desiredvCpus', 'scalingPolicy'];

/** What stands for several families, by Batch's choice. */
const OF_BATCH = /^(optimal|default_)/;

/** Each target is within the types of the environment, and no two of them are of one family but two of its sizes. */
function templateFault({ launchTemplate, instanceTypes = [] }: ComputeResources): string | undefined {
  const overrides = launchTemplate?.overrides ?? [];
  if (overrides.some((override) => !override.targetInstanceTypes?.length)) {
    return 'targetInstanceTypes is required in an override of a launch template.';
  }
  const targets = overrides.flatMap((override) => override.targetInstanceTypes ?? []);
  const covers = (family: string, type: string) => type === family || type.startsWith(`${family}.`);
  const isOpen = instanceTypes.some((type) => OF_BATCH.test(type));
  for (const [index, target] of targets.entries()) {
    if (OF_BATCH.test(target)) return `targetInstanceTypes takes types and families, and not ${target}.`;
    if (!isOpen && !instanceTypes.some((type) => covers(type, target))) {
      return `targetInstanceTypes has ${target}, which instanceTypes does not have.`;
    }
    const other = targets.slice(index + 1).find((one) => covers(one, target) || covers(target, one));
    if (other !== undefined) return `targetInstanceTypes ${target} and ${other} overlap.`;
  }
  return undefined;
}

function instancesFault(resources: ComputeResources): string | undefined {
  const { type, maxvCpus, minvCpus = 0, desiredvCpus = minvCpus, allocationStrategy } = resources;
  if (!resources.instanceRole) return 'Instance role is required.';
  if (!resources.instanceTypes) return 'Instance types are required.';
  if (!resources.securityGroupIds?.length && !resources.launchTemplate) {
    return 'At least one security group is required, in securityGroupIds or in a launch template.';
  }
  if (minvCpus > maxvCpus) return `minvCpus ${minvCpus} is more than maxvCpus ${maxvCpus}.`;
  if (desiredvCpus < minvCpus || desiredvCpus > maxvCpus) {
    return `desiredvCpus ${desiredvCpus} is not between minvCpus ${minvCpus} and maxvCpus ${maxvCpus}.`;
  }
  const bestFit = allocationStrategy === undefined || allocationStrategy === 'BEST_FIT';
  if (type === 'SPOT' && bestFit && !resources.spotIamFleetRole) {
    return 'spotIamFleetRole is required for SPOT with the allocation strategy BEST_FIT.';
  }
  if (type === 'EC2' && allocationStrategy?.startsWith('SPOT_')) {
    return `allocationStrategy ${allocationStrategy} is only for SPOT.`;
  }
  return templateFault(resources);
}
