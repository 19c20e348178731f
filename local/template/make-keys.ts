/** Keys of KMS. A key of an earlier run is found by the tag that CloudFormation puts on its resources. */
import * as z from 'zod';
import { ApiError } from '../aws.ts';
import { keyIdentity } from './identities.ts';
import type { Maker } from './maker.ts';

const LOGICAL_ID = 'aws:cloudformation:logical-id';
const Listed = z.object({ Keys: z.array(z.object({ KeyId: z.string() })) });
const Tagged = z.object({ Tags: z.array(z.object({ TagKey: z.string(), TagValue: z.string() })) });
const Made = z.object({ KeyMetadata: z.object({ KeyId: z.string() }) });

const makeKey: Maker = async ({ logicalId, properties }, { call }, stack) => {
  for (const { KeyId } of Listed.parse(await call('kms', 'ListKeys', {})).Keys) {
    const { Tags } = Tagged.parse(await call('kms', 'ListResourceTags', { KeyId }));
    const mine = Tags.some(({ TagKey, TagValue }) => TagKey === LOGICAL_ID && TagValue === logicalId);
    if (mine) return keyIdentity(KeyId, stack.site);
  }
  const made = await call('kms', 'CreateKey', {
    Description: properties['Description'],
    Tags: [{ TagKey: LOGICAL_ID, TagValue: logicalId }],
  });
  return keyIdentity(Made.parse(made).KeyMetadata.KeyId, stack.site);
};

const makeAlias: Maker = async ({ properties: { AliasName, TargetKeyId } }, { call }) => {
  try {
    await call('kms', 'CreateAlias', { AliasName, TargetKeyId });
  } catch (error) {
    if (!(error instanceof ApiError) || error.name !== 'AlreadyExistsException') throw error;
    await call('kms', 'UpdateAlias', { AliasName, TargetKeyId });
  }
};

export const keyMakers: Readonly<Record<string, Maker>> = {
  'AWS::KMS::Key': makeKey,
  'AWS::KMS::Alias': makeAlias,
};
