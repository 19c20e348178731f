/** The tenant's objects, for the worker. A store is made for one tenant and opens nothing outside its folder. */
import type { Readable } from 'node:stream';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { ownsObject, parseObjectUri } from '../domain/identity.ts';

export class ObjectMissing extends Error {
  override readonly name = 'ObjectMissing';
}

export interface ObjectStore {
  /** @throws ObjectMissing when there is none, or when the address is not the tenant's: both look alike */
  read(uri: string): Promise<Readable>;
  /** @param key below the tenant's folder; the same key twice leaves the later content */
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
        if (error instanceof NoSuchKey) throw new ObjectMissing('No such object', { cause: error });
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
