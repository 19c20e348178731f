/** What CloudFormation knows of a stack. */
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import type { Stack } from './stack.ts';

/** Physical ids by logical id. */
export async function resourcesOf(stack: Stack): Promise<ReadonlyMap<string, string>> {
  const client = stack.client(CloudFormationClient);
  const ids = new Map<string, string>();
  const pages = paginateListStackResources({ client }, { StackName: `headgate-${stack.stage}` });
  for await (const { StackResourceSummaries = [] } of pages)
    for (const { LogicalResourceId = '', PhysicalResourceId = '' } of StackResourceSummaries)
      ids.set(LogicalResourceId, PhysicalResourceId);
  return ids;
}
