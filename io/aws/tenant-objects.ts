/** The objects of one tenant, for the operation that erases it. */
import { DeleteObjectsCommand, ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { Fault } from '../../domain/fault.ts';

export interface TenantObjects {
  /**
   * Removes up to 1,000 objects, with each version of them that the bucket has.
   * @throws Fault when S3 has refused to remove one
   */
  removeSome(tenantId: string): Promise<{ readonly removed: number; readonly hasMore: boolean }>;
}

export function tenantObjects(client: S3Client, Bucket: string): TenantObjects {
  return {
    async removeSome(tenantId) {
      // With the slash: no tenant's folder is the beginning of another's.
      const Prefix = `tenants/${tenantId}/`;
      // S3 is consistent: an object whose upload was answered is in the list.
      const found = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
      const versions = [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])];
      const Objects = versions.flatMap(({ Key, VersionId }) =>
        Key === undefined ? [] : [{ Key, VersionId }],
      );
      if (Objects.length === 0) return { removed: 0, hasMore: false };
      // Idempotent: an absent object is no error.
      const { Errors = [] } = await client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
      );
      const [first] = Errors;
      if (first !== undefined)
        throw new Fault('ObjectsNotRemoved', `S3 refused: ${first.Code ?? 'no code'}`, tenantId);
      return { removed: Objects.length, hasMore: found.IsTruncated === true };
    },
  };
}
