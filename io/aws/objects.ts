/** The tenant's objects, for the worker. A store is made for one tenant and reads nothing outside of its folder. */
import type { Readable } from 'node:stream';
import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { ownsObject, parseObjectUri } from '../../domain/job/identity.ts';

export class ObjectMissing extends Error {
  override readonly name = 'ObjectMissing';
}

export interface ObjectStore {
  /** @throws ObjectMissing when there is none, or when the address is not the tenant's */
  read(uri: string): Promise<Readable>;
  /** @param key below the tenant's folder; a second write of a key replaces the content */
  write(
    key: string,
    content: Uint8Array | string,
    contentType: string,
  ): Promise<{ uri: string; bytes: number }>;
}

export function objectStore(client: S3Client, bucket: string, tenantId: string): ObjectStore {
  const owned = (uri: string) => {
    if (!ownsObject(uri, tenantId, bucket))
      throw new ObjectMissing('The address is not in the folder of this tenant');
    return { Bucket: bucket, Key: parseObjectUri(uri).key };
  };
  return {
    async read(uri) {
      try {
        const { Body } = await client.send(new GetObjectCommand(owned(uri)));
        return Body as Readable; // on Node the SDK's body is an IncomingMessage
      } catch (error) {
        if (isMissing(error)) throw new ObjectMissing('No such object', { cause: error });
        throw error;
      }
    },

    async write(key, content, contentType) {
      const uri = `s3://${bucket}/${key}`;
      await client.send(new PutObjectCommand({ ...owned(uri), Body: content, ContentType: contentType }));
      return { uri, bytes: Buffer.byteLength(content) };
    },
  };
}

/** Without the right to list a bucket, which the worker does not need, S3 answers 403 for a key that does not exist. */
function isMissing(error: unknown): boolean {
  return (
    error instanceof NoSuchKey ||
    (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 403)
  );
}
