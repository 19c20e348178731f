/**
 * What of S3 is here: every other parameter is refused by its name. The store would take `PUT key?tagging` for a new
 * content of the object, and an ignored object lock or ACL for a promise kept.
 */
import { headerOf, notImplemented, type S3Call, type S3Refusal } from './call.ts';

const LISTING = [
  'list-type',
  'prefix',
  'delimiter',
  'marker',
  'max-keys',
  'continuation-token',
  'start-after',
  'encoding-type',
  'fetch-owner',
];

/** The headers of an answer that the caller may set in the query. */
export const RESPONSE_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
] as const;

const READING = ['partNumber', ...RESPONSE_HEADERS.map((name) => `response-${name}`)];

const PARAMETERS: Readonly<Record<string, { bucket: readonly string[]; object: readonly string[] }>> = {
  GET: {
    bucket: [...LISTING, 'lifecycle', 'versions', 'key-marker', 'version-id-marker'],
    object: [...READING, 'attributes'],
  },
  HEAD: { bucket: [], object: READING },
  PUT: { bucket: ['lifecycle'], object: ['uploadId', 'partNumber', 'renameObject'] },
  POST: { bucket: ['delete'], object: ['uploads', 'uploadId'] },
  DELETE: { bucket: ['lifecycle'], object: ['uploadId'] },
};

/** Of the SDKs' own, and of the two forms of a presigned URL. */
const ANYWHERE = /^(x-id|x-amz-.*|AWSAccessKeyId|Signature|Expires)$/i;

const HEADERS =
  /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256|user-agent|meta-.+|checksum-(mode|type|algorithm|crc32|crc32c|crc64nvme|sha1|sha256)|sdk-checksum-algorithm|trailer|decoded-content-length|mp-object-size|copy-source(-range|-if-(none-)?match|-if-(un)?modified-since)?|metadata-directive|rename-source(-if-(none-)?match|-if-(un)?modified-since)?|object-attributes|max-parts|part-number-marker)$/;

/** Headers with the one value that changes nothing, because it is the default. */
const DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  'x-amz-acl': ['private', 'bucket-owner-full-control'],
  'x-amz-object-ownership': ['BucketOwnerEnforced'],
  'x-amz-server-side-encryption': ['AES256'],
  'x-amz-storage-class': ['STANDARD'],
};

/** @returns undefined when all that the call asks for is here */
export function featureRefusal(call: S3Call): S3Refusal | undefined {
  const here = PARAMETERS[call.method]?.[call.key === '' ? 'bucket' : 'object'] ?? [];
  const parameter = Object.keys(call.query).find((name) => !ANYWHERE.test(name) && !here.includes(name));
  if (parameter !== undefined) return notImplemented(`?${parameter} in ${call.method} of S3`);
  for (const name of Object.keys(call.headers)) {
    if (!name.startsWith('x-amz-') || HEADERS.test(name)) continue;
    const value = headerOf(call, name) ?? '';
    if (!DEFAULTS[name]?.includes(value)) return notImplemented(`${name}: ${value}`);
  }
  if (
    call.query['delete'] !== undefined &&
    /<(ETag|LastModifiedTime|Size)>|<VersionId>(?!null<)/.test(String(call.body))
  )
    return notImplemented('DeleteObjects with a condition or a version');
  return undefined;
}
