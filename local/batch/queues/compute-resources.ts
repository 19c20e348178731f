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
  return undefined;
}
