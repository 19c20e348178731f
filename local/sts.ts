/** AssumeRole of STS: credentials that every service here takes, as it takes any; what they may do is AWS's to hold. */
import { randomBytes, randomUUID } from 'node:crypto';
import * as z from 'zod';

/** @see AWS STS API reference, AssumeRole */
const AssumeRole = z.object({
  RoleArn: z.string().regex(/^arn:[^:]+:iam::\d{12}:role\/\S+$/, 'RoleArn is not the ARN of a role'),
  RoleSessionName: z.string().regex(/^[\w+=,.@-]{2,64}$/, 'RoleSessionName has another form'),
  DurationSeconds: z.coerce
    .number()
    .int()
    .min(900, 'DurationSeconds is under 900')
    // A function has its own credentials from a role, so this is always a chain.
    .max(3600, 'DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining')
    .default(3600),
  Policy: z
    .string()
    .max(2048, 'Policy has more than 2048 characters')
    .refine(isPolicy, 'Policy is not a policy in JSON')
    .optional(),
});

function isPolicy(text: string): boolean {
  try {
    return Array.isArray(JSON.parse(text).Statement);
  } catch {
    return false;
  }
}

const Asked = z.object({ Action: z.literal('AssumeRole') });
const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** @param form as it was sent @returns the answer in XML; undefined for another action */
export function assumedRole(form: unknown, nowMs: number): { status: number; xml: string } | undefined {
  if (!Asked.safeParse(form).success) return undefined;
  const parsed = AssumeRole.safeParse(form);
  if (!parsed.success) {
    const [{ message } = { message: '' }] = parsed.error.issues;
    const error = `<Error><Type>Sender</Type><Code>ValidationError</Code><Message>${message}</Message></Error>`;
    return { status: 400, xml: `<ErrorResponse xmlns="${NAMESPACE}">${error}</ErrorResponse>` };
  }
  const { RoleArn, RoleSessionName, DurationSeconds } = parsed.data;
  const name = `${RoleArn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${RoleSessionName}`;
  const secret = randomBytes(30).toString('base64');
  const xml = [
    `<AssumeRoleResponse xmlns="${NAMESPACE}"><AssumeRoleResult>`,
    `<AssumedRoleUser><AssumedRoleId>AROALOCAL:${RoleSessionName}</AssumedRoleId><Arn>${name}</Arn></AssumedRoleUser>`,
    `<Credentials><AccessKeyId>ASIA${randomBytes(8).toString('hex').toUpperCase()}</AccessKeyId>`,
    `<SecretAccessKey>${secret}</SecretAccessKey><SessionToken>${randomBytes(96).toString('base64')}</SessionToken>`,
    `<Expiration>${new Date(nowMs + DurationSeconds * 1000).toISOString()}</Expiration></Credentials>`,
    `</AssumeRoleResult><ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata></AssumeRoleResponse>`,
  ].join('');
  return { status: 200, xml };
}
