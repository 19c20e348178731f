/** The objects of one tenant, for what removes them. */
import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ObjectIdentifier,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Fault } from '../../domain/fault.ts';
import { resultsOf, tenantFolder } from '../../domain/job/identity.ts';

export interface TenantObjects {
  /**
   * Removes up to 1,000 objects, with each version of them that the bucket has.
   * @throws Fault when S3 has refused to remove one
   */
  removeSome(tenantId: string): Promise<{ readonly removed: number; readonly hasMore: boolean }>;
  /** Up to 1,000 objects that jobs have written, by key. @param after the last key that was dealt with; absent: from the first */
  results(tenantId: string, after?: string): Promise<ResultPage>;
  /** Objects that are not there any more are no error. @throws Fault when S3 has refused to remove one */
  remove(tenantId: string, keys: readonly string[]): Promise<void>;
}

export interface ResultPage {
  /** `at`: when it was written, in epoch ms. */
  readonly objects: readonly { readonly key: string; readonly at: number }[];
  /** The last key, where there may be more behind it. */
  readonly next?: string;
}

export function tenantObjects(client: S3Client, Bucket: string): TenantObjects {
  const removeAll = async (tenantId: string, Objects: ObjectIdentifier[]) => {
    // Idempotent: an absent object is no error.
    const { Errors = [] } = await client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }),
    );
    const [first] = Errors;
    if (first !== undefined)
      throw new Fault('ObjectsNotRemoved', `S3 refused: ${first.Code ?? 'no code'}`, tenantId);
  };
  return {
    async removeSome(tenantId) {
      // With the slash: no tenant's folder is the beginning of another's.
      const Prefix = tenantFolder(tenantId);
      // S3 is consistent: an object whose upload was answered is in the list.
      const found = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
      const versions = [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])];
      const Objects = versions.flatMap(({ Key, VersionId }) =>
        Key === undefined ? [] : [{ Key, VersionId }],
      );
      if (Objects.length === 0) return { removed: 0, hasMore: false };
      await removeAll(tenantId, Objects);
      return { removed: Objects.length, hasMore: found.IsTruncated === true };
    },

    async results(tenantId, StartAfter) {
      const asked = { Bucket, Prefix: resultsOf(tenantId), StartAfter };
      const { Contents = [], IsTruncated } = await client.send(new ListObjectsV2Command(asked));
      const objects = Contents.flatMap(({ Key, LastModified }) =>
        Key === undefined || LastModified === undefined ? [] : [{ key: Key, at: LastModified.getTime() }],
      );
      const last = Contents.at(-1)?.Key;
      return { objects, ...(IsTruncated === true && last !== undefined ? { next: last } : {}) };
    },

    remove: (tenantId, keys) =>
      removeAll(
        tenantId,
        keys.map((Key) => ({ Key })),
      ),
  };
}
