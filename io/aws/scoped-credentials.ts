/** Credentials for one try of a job, by assuming the role that may read and write tenants' objects, with a session policy. */
import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import type { Container } from '../../domain/job/claim.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import {
  type ScopedCredentials,
  SESSION_SECONDS,
  sessionOf,
} from '../../domain/worker/scoped-credentials.ts';

/** Idempotent: each call makes other credentials for the same objects, and none ends those before. */
export type LendCredentials = (
  job: Pick<JobRecord, 'tenantId' | 'jobId'>,
  run: Pick<Container, 'attempt' | 'runId' | 'try'>,
) => Promise<ScopedCredentials>;

export function lendingCredentials(client: STSClient, RoleArn: string, bucketArn: string): LendCredentials {
  return async (job, run) => {
    const { name, policy } = sessionOf(job, run, bucketArn);
    const { Credentials: lent } = await client.send(
      new AssumeRoleCommand({
        RoleArn,
        RoleSessionName: name,
        // Without it the credentials would be for the objects of all tenants.
        Policy: policy,
        DurationSeconds: SESSION_SECONDS,
      }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = lent ?? {};
    if (!AccessKeyId || !SecretAccessKey || !SessionToken || Expiration === undefined)
      throw new Error('STS answered without credentials');
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      expiresAt: Expiration.toISOString(),
    };
  };
}
