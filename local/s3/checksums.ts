/**
 * Content-MD5 and the checksums of a body. A body that arrived damaged must not become an object.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { headerOf, type S3Call, type S3Refusal } from './call.ts';
import { crc32c, crc64Nvme } from './crc.ts';

const hash = (name: string) => (body: Buffer) => createHash(name).update(body).digest();

function crc32Bytes(body: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return sum;
}

const SUMS: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  CRC32: crc32Bytes,
  CRC32C: crc32c,
  CRC64NVME: crc64Nvme,
  SHA1: hash('sha1'),
  SHA256: hash('sha256'),
};

const invalid = (message: string): S3Refusal => ({ code: 'InvalidRequest', message, status: 400 });

/** @returns undefined when each checksum that came with the body is the body's */
export function checksumRefusal(call: S3Call): S3Refusal | undefined {
  // The checksum of a completed multipart upload is the object's, not that of the list of its parts.
  if (call.method === 'POST' && call.query['uploadId'] !== undefined) return undefined;
  return md5Refusal(call) ?? sumRefusal(call);
}

function md5Refusal(call: S3Call): S3Refusal | undefined {
  const given = headerOf(call, 'content-md5');
  if (given === undefined) return undefined;
  const bytes = Buffer.from(given, 'base64');
  if (bytes.length !== 16)
    return { code: 'InvalidDigest', message: 'The Content-MD5 you specified was invalid.', status: 400 };
  if (bytes.equals(hash('md5')(call.body))) return undefined;
  const message = 'The Content-MD5 you specified did not match what we received.';
  return { code: 'BadDigest', message, status: 400 };
}

function sumRefusal(call: S3Call): S3Refusal | undefined {
  const given = Object.keys(SUMS).filter((name) => headerOf(call, headerName(name)) !== undefined);
  const [algorithm, other] = given;
  if (algorithm === undefined) return undefined;
  if (other !== undefined)
    return invalid('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  const bytes = Buffer.from(headerOf(call, headerName(algorithm)) ?? '', 'base64');
  const found = SUMS[algorithm]?.(call.body);
  if (bytes.length !== found?.length) return invalid(`Value for ${headerName(algorithm)} header is invalid.`);
  if (bytes.equals(found)) return undefined;
  const message = `The ${algorithm} you specified did not match the calculated checksum.`;
  return { code: 'BadDigest', message, status: 400 };
}

function headerName(algorithm: string): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}
