/** Writing an object that no other may replace. */
import { PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3';

/** Writes an object unless there is one. */
export type PutOnce = (key: string, content: string, contentType: string) => Promise<void>;

export function puttingOnce(client: S3Client, Bucket: string): PutOnce {
  return async (Key, content, ContentType) => {
    try {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: content, ContentType, IfNoneMatch: '*' }));
    } catch (error) {
      const isThere = error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412;
      if (!isThere) throw error;
    }
  };
}
