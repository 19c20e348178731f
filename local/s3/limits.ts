/**
 * Sizes and counts that S3 has limits for, and the store has none.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
import { headerOf, type S3Call, type S3Refusal } from './call.ts';

const MAX_KEY_BYTES = 1024;
const MAX_METADATA_BYTES = 2048;
const MAX_PART_NUMBER = 10_000;
/** Of one DeleteObjects. */
const MAX_DELETED = 1000;
const MAX_INT = 2 ** 31 - 1;
const META = 'x-amz-meta-';
/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
const RESERVED_NAME = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

const refused = (code: string, message: string): S3Refusal => ({ code, message, status: 400 });

/** @returns undefined for a call within the limits */
export function limitRefusal(call: S3Call): S3Refusal | undefined {
  return (
    nameRefusal(call) ??
    keyRefusal(call) ??
    metadataRefusal(call) ??
    partRefusal(call) ??
    bodyRefusal(call) ??
    listRefusal(call) ??
    copyRefusal(call)
  );
}

/** The rest of the rules for names is the store's own. */
function nameRefusal({ method, bucket, key }: S3Call): S3Refusal | undefined {
  if (method !== 'PUT' || key !== '' || !RESERVED_NAME.test(bucket)) return undefined;
  return refused('InvalidBucketName', `The specified bucket is not valid: ${bucket}`);
}

function keyRefusal({ key }: S3Call): S3Refusal | undefined {
  if (Buffer.byteLength(key) <= MAX_KEY_BYTES) return undefined;
  return refused('KeyTooLongError', 'Your key is too long');
}

/** What a list in XML has to have at least, and may have at most. */
function bodyRefusal({ method, query, body }: S3Call): S3Refusal | undefined {
  if (method !== 'POST') return undefined;
  const count = (element: string) => String(body).split(`<${element}>`).length - 1;
  const deleted = query['delete'] === undefined ? undefined : count('Object');
  const parts = query['uploadId'] === undefined ? undefined : count('Part');
  if (deleted !== 0 && parts !== 0 && (deleted ?? 0) <= MAX_DELETED) return undefined;
  const message = 'The XML you provided was not well-formed or did not validate against our published schema';
  return refused('MalformedXML', message);
}

function metadataRefusal(call: S3Call): S3Refusal | undefined {
  const own = Object.keys(call.headers).filter((name) => name.startsWith(META));
  const bytes = own.map((name) => Buffer.byteLength(name.slice(META.length) + headerOf(call, name)));
  if (bytes.reduce((sum, each) => sum + each, 0) <= MAX_METADATA_BYTES) return undefined;
  return refused('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size');
}

function partRefusal({ method, query: { partNumber } }: S3Call): S3Refusal | undefined {
  if (method !== 'PUT' || partNumber === undefined) return undefined;
  const number = Number(partNumber);
  if (Number.isInteger(number) && number >= 1 && number <= MAX_PART_NUMBER) return undefined;
  const message = `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`;
  return refused('InvalidArgument', message);
}

const COUNT = /^\d{1,10}$/;

/** A token is the name where the page before ended, in base64: for anything else the store would begin anywhere. */
function listRefusal({ key, query }: S3Call): S3Refusal | undefined {
  if (key !== '') return undefined;
  const { 'max-keys': most, 'encoding-type': encoding, 'continuation-token': token } = query;
  if (most !== undefined && !(COUNT.test(most) && Number(most) <= MAX_INT))
    return refused('InvalidArgument', `Argument maxKeys must be an integer between 0 and ${MAX_INT}`);
  if (encoding !== undefined && encoding !== 'url')
    return refused('InvalidArgument', 'Invalid Encoding Method specified in Request');
  if (token === undefined) return undefined;
  if (token !== '' && Buffer.from(token, 'base64').toString('base64') === token) return undefined;
  return refused('InvalidArgument', 'The continuation token provided is incorrect');
}

/** Without a change of anything, such a copy is most often a mistake in a name. */
function copyRefusal(call: S3Call): S3Refusal | undefined {
  const source = headerOf(call, 'x-amz-copy-source');
  const directive = headerOf(call, 'x-amz-metadata-directive');
  if (directive !== undefined && directive !== 'COPY' && directive !== 'REPLACE')
    return refused('InvalidArgument', 'Unknown metadata directive.');
  if (source === undefined || call.query['uploadId'] !== undefined) return undefined;
  if (decodeURIComponent(source).replace(/^\//, '') !== `${call.bucket}/${call.key}`) return undefined;
  const changes =
    directive === 'REPLACE' ||
    headerOf(call, 'x-amz-storage-class') !== undefined ||
    headerOf(call, 'x-amz-server-side-encryption') !== undefined;
  if (changes) return undefined;
  return refused(
    'InvalidRequest',
    "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
  );
}
