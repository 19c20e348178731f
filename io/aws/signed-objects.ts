/**
 * Objects for a container that has no right to the bucket: URLs that are signed for one object each. A URL to read is good for
 * fifteen minutes, a URL to write for the same time, for the bytes that were named, and once.
 */
import {
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { NamedObject } from '../../domain/worker/names.ts';
import { type PutOnce, puttingOnce } from './put-once.ts';

export interface SignedObjects {
  readUrl(key: string): Promise<string>;
  /** @returns the headers that must be sent with the object; the signature covers them, and its length */
  writeUrl(
    key: string,
    object: Bytes & { readonly contentType: string },
  ): Promise<{ readonly url: string; readonly headers: Readonly<Record<string, string>> }>;
  /** Whether there is an object of these bytes. */
  has(key: string, object: Bytes): Promise<boolean>;
  text(key: string): Promise<string>;
  /** Writes an object unless there is one. */
  readonly putOnce: PutOnce;
}

type Bytes = Pick<NamedObject, 'bytes' | 'sha256'>;

const SECONDS = 900;

/** @see Amazon S3 user guide, "Checking object integrity": the header is base64, and a hash is usually written in hexadecimal */
const base64Of = (sha256: string) => Buffer.from(sha256, 'hex').toString('base64');

export function signedObjects(client: S3Client, Bucket: string): SignedObjects {
  return {
    readUrl(Key) {
      // A browser that is led to the URL must not show a tenant's HTML under the bucket's name.
      const command = new GetObjectCommand({ Bucket, Key, ResponseContentDisposition: 'attachment' });
      return getSignedUrl(client, command, { expiresIn: SECONDS });
    },

    async writeUrl(Key, { bytes, sha256, contentType }) {
      const headers = {
        'content-type': contentType,
        'if-none-match': '*',
        'x-amz-checksum-sha256': base64Of(sha256),
      };
      const command = new PutObjectCommand({
        Bucket,
        Key,
        ContentLength: bytes,
        ContentType: contentType,
        IfNoneMatch: '*',
        ChecksumSHA256: headers['x-amz-checksum-sha256'],
      });
      const url = await getSignedUrl(client, command, {
        expiresIn: SECONDS,
        // In the query they would be words of the URL; as headers they are checked against what is sent.
        unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
        signableHeaders: new Set(['host', 'content-length', ...Object.keys(headers)]),
      });
      return { url, headers };
    },

    async has(Key, { bytes, sha256 }) {
      try {
        const found = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
        return found.ContentLength === bytes && found.ChecksumSHA256 === base64Of(sha256);
      } catch (error) {
        if (error instanceof NotFound) return false;
        throw error;
      }
    },

    async text(Key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return (await Body?.transformToString()) ?? '';
    },

    putOnce: puttingOnce(client, Bucket),
  };
}
