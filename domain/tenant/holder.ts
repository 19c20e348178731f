/**
 * A holder: one attempt of one job that has a slot, in as few bytes as identify it.
 *
 * 17 bytes are the job id's hash (130 bits) and the attempt (6 bits), 2 are for the job type, and 4 more for the
 * concurrency key, if the job has one, and 2 for the cap of a key that has its own. So caps on types and keys are counted from the one set, also caps that are set
 * while jobs run.
 */
import { fnv1a } from '../job/identity.ts';
import type { JobRecord } from '../job/job.ts';
import { typeTagOf } from '../job/job-type.ts';
import { MAX_ATTEMPTS } from '../job/retry.ts';

export interface Holder {
  readonly jobId: string;
  readonly attempt: number;
  /** Equal for jobs of one type. */
  readonly typeTag: number;
  /** Equal for jobs of one concurrency key; two keys of a tenant are equal with a probability of 1 in 4,000,000,000. */
  readonly keyTag?: number;
  /** Of a key that has a cap of its own, the same for all its jobs. */
  readonly keyCap?: number;
}

export type Slotted = Pick<JobRecord, 'jobId' | 'attempt' | 'jobType' | 'concurrencyKey' | 'keyCap'>;

export function holderOf({ jobId, attempt, jobType, concurrencyKey, keyCap }: Slotted): Holder {
  return {
    jobId,
    attempt,
    typeTag: typeTagOf(jobType),
    ...(concurrencyKey === undefined ? {} : { keyTag: fnv1a(concurrencyKey) }),
    ...(concurrencyKey === undefined || keyCap === undefined ? {} : { keyCap }),
  };
}

/** The name of a holder within its gate. */
export const holderName = ({ jobId, attempt }: Pick<Holder, 'jobId' | 'attempt'>): string =>
  `${jobId}#${attempt}`;

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const ATTEMPT_BITS = 6n;
const ID_BYTES = 17;

/** @throws Error for an attempt above the limit; `checkJobTypes` refuses a policy that has so many */
export function encodeHolder({ jobId, attempt, typeTag, keyTag, keyCap }: Holder): Uint8Array {
  if (attempt > MAX_ATTEMPTS) throw new Error(`An attempt above ${MAX_ATTEMPTS} cannot hold a slot`);
  let bits = 0n;
  for (const char of jobId.slice('job_'.length)) bits = (bits << 5n) | BigInt(ALPHABET.indexOf(char));
  bits = (bits << ATTEMPT_BITS) | BigInt(attempt);
  const bytes = new Uint8Array(
    ID_BYTES + 2 + (keyTag === undefined ? 0 : 4) + (keyCap === undefined ? 0 : 2),
  );
  for (let at = ID_BYTES - 1; at >= 0; at--, bits >>= 8n) bytes[at] = Number(bits & 0xffn);
  const view = new DataView(bytes.buffer);
  view.setUint16(ID_BYTES, typeTag);
  if (keyTag !== undefined) view.setUint32(ID_BYTES + 2, keyTag);
  if (keyCap !== undefined) view.setUint16(ID_BYTES + 6, keyCap);
  return bytes;
}

export function decodeHolder(bytes: Uint8Array): Holder {
  let bits = bytes.subarray(0, ID_BYTES).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const attempt = Number(bits & ((1n << ATTEMPT_BITS) - 1n));
  bits >>= ATTEMPT_BITS;
  const hash = Array.from({ length: 26 }, (_, i) => ALPHABET[Number((bits >> BigInt(125 - 5 * i)) & 31n)]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    jobId: `job_${hash.join('')}`,
    attempt,
    typeTag: view.getUint16(ID_BYTES),
    ...(bytes.length > ID_BYTES + 2 ? { keyTag: view.getUint32(ID_BYTES + 2) } : {}),
    ...(bytes.length > ID_BYTES + 6 ? { keyCap: view.getUint16(ID_BYTES + 6) } : {}),
  };
}
