/** One check of a stack: what is looked at, what was found, and what to do about it. */
import type { BatchClient } from '@aws-sdk/client-batch';
import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { ECRClient } from '@aws-sdk/client-ecr';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { stoppedBy } from '../program/stopped.ts';
import type { Records } from '../stack/stack.ts';

export interface Patient {
  readonly stage: string;
  /** A laptop has no API for functions, roles, quotas and stacks, and what it lacks is not looked at. */
  readonly isLaptop: boolean;
  /** Of a laptop; in AWS it is asked of Lambda. */
  readonly apiUrl: string | undefined;
  /** ARNs: standard, then economy. */
  readonly jobQueues: readonly string[];
  /** Physical ids of the stack by logical id; empty on a laptop. */
  readonly resources: ReadonlyMap<string, string>;
  readonly records: Records;
  readonly sqs: SQSClient;
  readonly events: EventBridgeClient;
  readonly batch: BatchClient;
  readonly ecr: ECRClient;
  readonly kms: KMSClient;
  readonly lambda: LambdaClient;
  readonly iam: IAMClient;
  readonly quotas: ServiceQuotasClient;
  readonly cloudFormation: CloudFormationClient;
}

export type Finding =
  | { readonly kind: 'ok'; readonly says: string }
  | { readonly kind: 'wrong'; readonly says: string }
  /** Not applicable to this stack. */
  | { readonly kind: 'skipped'; readonly says: string };

export const ok = (says: string): Finding => ({ kind: 'ok', says });
export const wrong = (says: string): Finding => ({ kind: 'wrong', says });
export const skipped = (says: string): Finding => ({ kind: 'skipped', says });

/** Of a check that other readers make, too. */
export const judged = ({ ok: isOk, says }: { readonly ok: boolean; readonly says: string }): Finding =>
  isOk ? ok(says) : wrong(says);

export interface Check {
  readonly id: string;
  /** What an operator does when it is wrong. */
  readonly fix: string;
  look(patient: Patient): Promise<Finding>;
}

/** Of an account in AWS alone. */
export const onAws = (check: Check): Check => ({
  ...check,
  look: async (patient) => (patient.isLaptop ? skipped('a laptop has none') : check.look(patient)),
});

export interface Diagnosis {
  readonly id: string;
  /** Absent for a check that is not applicable. */
  readonly ok?: boolean;
  readonly says: string;
  /** What to do, for one that is wrong. */
  readonly fix?: string;
}

/** A check that cannot look is wrong: what it would have found is not known. */
export async function diagnose({ id, fix, look }: Check, patient: Patient): Promise<Diagnosis> {
  try {
    const { kind, says } = await look(patient);
    if (kind === 'skipped') return { id, says };
    return kind === 'ok' ? { id, ok: true, says } : { id, ok: false, says, fix };
  } catch (error) {
    return { id, ok: false, says: `it could not be looked at: ${stoppedBy(error).message}`, fix };
  }
}
