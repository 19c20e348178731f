/**
 * A plugin of the framework: before `serverless remove` deletes the stack of a stage that keeps no data, it empties the bucket, which
 * CloudFormation cannot delete otherwise. A stage that keeps its data keeps the bucket, and nothing is emptied.
 */
import {
  CloudFormationClient,
  GetTemplateCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { DeleteObjectsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';

const BUCKET = 'JobsBucket';

export default class EmptyOnRemove {
  constructor(serverless) {
    this.provider = serverless.getProvider('aws');
    this.hooks = { 'before:remove:remove': () => this.empty() };
  }

  async empty() {
    const config = await this.provider.getAwsSdkV3Config();
    const cloudFormation = new CloudFormationClient(config);
    const StackName = this.provider.naming.getStackName();
    const { TemplateBody = '{}' } = await cloudFormation.send(new GetTemplateCommand({ StackName }));
    // What was deployed decides, and not what this checkout would deploy.
    if (JSON.parse(TemplateBody).Resources?.[BUCKET]?.DeletionPolicy !== 'Delete') return;
    const bucket = await bucketOf(cloudFormation, StackName);
    if (bucket !== undefined) await emptied(new S3Client(config), bucket);
  }
}

async function bucketOf(cloudFormation, StackName) {
  let NextToken;
  do {
    const page = await cloudFormation.send(new ListStackResourcesCommand({ StackName, NextToken }));
    const found = page.StackResourceSummaries?.find(({ LogicalResourceId }) => LogicalResourceId === BUCKET);
    if (found !== undefined) return found.PhysicalResourceId;
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
}

async function emptied(s3, Bucket) {
  for (;;) {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    if (Contents.length === 0) return;
    const Objects = Contents.map(({ Key }) => ({ Key }));
    const { Errors = [] } = await s3.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    if (Errors.length > 0)
      throw new Error(`${Errors.length} objects of ${Bucket} cannot be deleted: ${Errors[0]?.Code}`);
  }
}
