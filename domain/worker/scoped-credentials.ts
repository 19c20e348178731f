/**
 * Credentials of AWS for the program of a job, where its job type asks for them: for programs that stream many objects with an SDK. They
 * are those of one role, narrowed by a session policy to the folder of the job's tenant, and to the folder of this try for writes.
 */

import type { Container } from '../job/claim.ts';
import { resultFolder, tenantFolder } from '../job/identity.ts';
import type { JobRecord } from '../job/job.ts';

export interface ScopedCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** A time as in ISO 8601. */
  readonly expiresAt: string;
}

export interface Session {
  readonly name: string;
  /** JSON. What the role allows and this does, too, is allowed. */
  readonly policy: string;
}

/**
 * An hour is all that a role gets which another role assumes; a task token lives as long, and both are renewed together.
 * @see IAM user guide, "Methods to assume a role", role chaining
 */
export const SESSION_SECONDS = 3600;

/** Every part of the resources has a format without wildcards: the ids of tenant and job, the run and its try. */
export function sessionOf(
  job: Pick<JobRecord, 'tenantId' | 'jobId'>,
  run: Pick<Container, 'attempt' | 'runId' | 'try'>,
  bucketArn: string,
): Session {
  const allow = (Action: string, folder: string) => ({
    Effect: 'Allow',
    Action,
    Resource: `${bucketArn}/${folder}*`,
  });
  return {
    name: `${job.jobId}-${run.attempt}-${run.try}`,
    policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        allow('s3:GetObject', tenantFolder(job.tenantId)),
        allow('s3:PutObject', resultFolder(job, run)),
      ],
    }),
  };
}
