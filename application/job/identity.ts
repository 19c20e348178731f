/** Ids that are hashes: each computation gives the same id. */
import { hash } from 'node:crypto';
import { fingerprintText } from '../../domain/request/admission.ts';
import type { JobRequest } from '../../domain/request/request.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** The same tenant and key always name the same record, so a repeated message is harmless. */
export function jobIdOf(tenantId: string, idempotencyKey: string): string {
  return `job_${hash26(`${tenantId}\0${idempotencyKey}`)}`;
}

/** A failed job has one child at most, however its dead letter is redriven and however often. */
export function childIdOf(parentId: string): string {
  return `job_${hash26(`${parentId}\0redrive`)}`;
}

export function fingerprintOf(request: JobRequest): string {
  return hash26(fingerprintText(request));
}

/** A key that is registered again is the same key. @param publicKey in base64url */
export function keyIdOf(publicKey: string): string {
  return hash26(`key\0${publicKey}`).slice(0, 16);
}

/** It contains no dot: Standard Webhooks signs `id.timestamp.body`, and a dot in the id would make that ambiguous. */
export function webhookIdOf(subject: string, sequence: number, endpointId: string): string {
  return `msg_${hash26(`${subject}\0${sequence}\0${endpointId}`)}`;
}

/** What the record keeps of a container's nonce: a reader of the record cannot repeat the claim. */
export function nonceHashOf(nonce: string): string {
  return hash26(nonce);
}

/** The first 130 bits of SHA-256 in lower-case base32. */
function hash26(text: string): string {
  const bytes = hash('sha256', text, 'buffer');
  let name = '';
  for (let bit = 0; bit < 130; bit += 5) {
    const twoBytes = bytes.readUInt16BE(bit >> 3);
    name += ALPHABET[(twoBytes >> (11 - (bit & 7))) & 31];
  }
  return name;
}
