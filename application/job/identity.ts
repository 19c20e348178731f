/** Ids that are hashes: each computation gives the same id. */
import { hash } from 'node:crypto';
import { type Awaited, nameOfGroup } from '../../domain/dependency/dependency.ts';
import type { Parts } from '../../domain/job/parts.ts';
import { fingerprintText } from '../../domain/request/admission.ts';
import type { ArrayRequest, JobRequest } from '../../domain/request/request.ts';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** The same tenant and key always name the same record, so a repeated message is harmless. */
export function jobIdOf(tenantId: string, idempotencyKey: string): string {
  return `job_${hash26(`${tenantId}\0${idempotencyKey}`)}`;
}

/** A failed job has one child at most, however its dead letter is redriven and however often. */
export function childIdOf(parentId: string): string {
  return `job_${hash26(`${parentId}\0redrive`)}`;
}

/** An array is a group, and has its name: the same tenant and key always name the same. */
export function arrayIdOf(tenantId: string, idempotencyKey: string): string {
  return `arr_${hash26(`${tenantId}\0array\0${idempotencyKey}`)}`;
}

/** What a job waits for, by the ids that the names lead to. */
export function awaitedBy({
  tenantId,
  dependsOn = [],
}: Pick<Parts, 'dependsOn'> & { readonly tenantId: string }): Awaited[] {
  return dependsOn.map(({ jobId, idempotencyKey = '', group, condition = 'succeeded' }) => ({
    name: group === undefined ? (jobId ?? jobIdOf(tenantId, idempotencyKey)) : nameOfGroup(group),
    condition,
  }));
}

export function fingerprintOf(request: JobRequest | ArrayRequest): string {
  return hash26(fingerprintText(request));
}

/** A key that is registered again is the same key. @param publicKey in base64url */
export function keyIdOf(publicKey: string): string {
  return hash26(`key\0${publicKey}`).slice(0, 16);
}

/** A request that is sent again finds the endpoint of the first one. @param requestKey of the sender */
export function endpointIdOf(tenantId: string, requestKey: string): string {
  return `whe_${hash26(`${tenantId}\0endpoint\0${requestKey}`)}`;
}

/** A request that is sent again finds the operation of the first one. @param requestKey of the operator */
export function operationIdOf(requestKey: string): string {
  return `op_${hash26(`operation\0${requestKey}`)}`;
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
