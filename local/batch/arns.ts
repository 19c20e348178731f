/** The names of Batch's resources: an ARN from a name, and a name from an ARN. */
import { ACCOUNT_ID } from '../aws.ts';

export type ArnKind =
  | 'compute-environment'
  | 'consumable-resource'
  | 'job'
  | 'job-definition'
  | 'job-queue'
  | 'scheduling-policy';

export function batchArn(region: string, kind: ArnKind, name: string): string {
  return `arn:aws:batch:${region}:${ACCOUNT_ID}:${kind}/${name}`;
}

/** The API takes a resource's name or its ARN wherever it takes a resource. */
export function asArn(region: string, kind: ArnKind, nameOrArn: string): string {
  return nameOrArn.startsWith('arn:') ? nameOrArn : batchArn(region, kind, nameOrArn);
}

/** @returns the part after the last slash: a name, `name:revision`, or a job id */
export function arnName(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
