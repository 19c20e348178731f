/**
 * The list of versions. Buckets here are without versioning, so each object is one version, with the name `null`.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
 */
import type { S3Store } from '../../node_modules/fauxqs/dist/s3/s3Store.js';
import type { S3Call } from './call.ts';

const MAX_KEYS = 1000;

/** @returns the answer in XML; undefined for another call, and for a bucket that is not there */
export function versionsAnswer(call: S3Call, store: S3Store): string | undefined {
  const { method, bucket, key, query } = call;
  if (method !== 'GET' || key !== '' || query['versions'] === undefined || !store.hasBucket(bucket))
    return undefined;
  const prefix = query['prefix'] ?? '';
  const maxKeys = Math.min(Number(query['max-keys'] ?? MAX_KEYS), MAX_KEYS);
  const found = store.listObjects(bucket, { prefix, maxKeys, marker: query['key-marker'] ?? '' });
  const versions = found.objects.map(
    ({ key: name, etag, contentLength, lastModified }) =>
      `<Version><Key>${escaped(name)}</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>` +
      `<LastModified>${lastModified.toISOString()}</LastModified><ETag>${escaped(etag)}</ETag>` +
      `<Size>${contentLength}</Size><StorageClass>STANDARD</StorageClass></Version>`,
  );
  const last = found.objects.at(-1)?.key;
  const marker =
    found.isTruncated && last !== undefined
      ? `<NextKeyMarker>${escaped(last)}</NextKeyMarker><NextVersionIdMarker>null</NextVersionIdMarker>`
      : '';
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
    `<Name>${escaped(bucket)}</Name><Prefix>${escaped(prefix)}</Prefix><MaxKeys>${maxKeys}</MaxKeys>` +
    `<IsTruncated>${found.isTruncated}</IsTruncated>${marker}${versions.join('')}</ListVersionsResult>`
  );
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign);
