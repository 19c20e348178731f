/**
 * The claims of a tenant token, which the owner of a key signs without asking. They are strict: a narrowing that is misspelt
 * would otherwise be a token for the whole tenant.
 */
import * as z from 'zod';
import { type Problem, problem } from '../errors.ts';
import { IdempotencyKey, JOB_ID, JobTypeId, TenantId } from '../job/ids.ts';
import { type AccessKey, DEFAULT_TOKEN_SECONDS, isFor, KeyId } from './key.ts';
import type { Narrowing } from './narrowing.ts';
import { SCOPES_THAT_SET_UP, Scope } from './scope.ts';

/** The clocks of two machines may differ by so much. */
export const LEEWAY_SECONDS = 30;

/** The protected header. @see https://www.rfc-editor.org/rfc/rfc8725, section 3.11: explicit typing */
export const TokenHeader = z.strictObject({
  alg: z.literal('EdDSA'),
  typ: z.literal('hg+jwt'),
  kid: KeyId,
});

const Seconds = z.int().nonnegative();

export const Claims = z.strictObject({
  iss: KeyId,
  aud: z.string(),
  sub: TenantId,
  scope: z.string().regex(/^[a-z:]+(?: [a-z:]+)*$/),
  iat: Seconds,
  exp: Seconds,
  jti: IdempotencyKey,
  job: z.string().regex(JOB_ID).optional(),
  tag: z.strictObject({ name: z.string().min(1), value: z.string() }).optional(),
  /** The job types that it may start. */
  type: z.array(JobTypeId).min(1).optional(),
  /** It starts one job, whose key is its `jti`. */
  once: z.literal(true).optional(),
});
export type Claims = z.infer<typeof Claims>;

/** What a verified credential is good for. */
export interface Grant {
  readonly tenantId: string;
  readonly scopes: ReadonlySet<string>;
  readonly narrowing: Narrowing;
}

/** Of a token. */
export interface TokenGrant extends Grant {
  readonly issuedAtMs: number;
  readonly untilMs: number;
  readonly jti: string;
}

export type Judged =
  | { readonly kind: 'granted'; readonly grant: TokenGrant }
  | { readonly kind: 'refused'; readonly problem: Problem };

/**
 * Whether a token whose signature holds is one of this stack, now.
 *
 * @param key the one that the header names, with which the signature was verified
 */
export function judgeClaims(
  claims: unknown,
  key: AccessKey,
  { audience, nowMs }: { readonly audience: string; readonly nowMs: number },
): Judged {
  const parsed = Claims.safeParse(claims);
  if (!parsed.success)
    return invalid(
      `Expected the claims of a tenant token; ${placeOf(parsed.error)} is not one of them, or is wrong.`,
    );
  const { iss, aud, sub, scope, iat, exp, jti, job, tag, type, once } = parsed.data;
  const now = Math.floor(nowMs / 1000);
  const maxSeconds = key.maxTokenSeconds ?? DEFAULT_TOKEN_SECONDS;
  if (iss !== key.keyId) return invalid('Expected iss to be the id of the key in kid.');
  if (aud !== audience) return invalid('Expected the audience of this stack, which /v1/health tells.');
  if (iat > now + LEEWAY_SECONDS) return invalid('Expected iat not to be in the future.');
  if (now >= exp + LEEWAY_SECONDS)
    return { kind: 'refused', problem: problem('token_expired', '', 'Expected exp to be in the future.') };
  if (exp - iat > maxSeconds || exp > now + maxSeconds + LEEWAY_SECONDS)
    return invalid(`Expected exp at most ${maxSeconds} seconds after iat, as the key allows.`);
  const asked = scope.split(' ');
  const allowed: readonly string[] = key.scopes;
  if (!asked.every((each) => Scope.safeParse(each).success && allowed.includes(each)))
    return invalid('Expected scopes that the key has.');
  const lasting = asked.find((each) => SCOPES_THAT_SET_UP.includes(each));
  if (lasting !== undefined && key.tokensMaySetUp !== true)
    return invalid(`Expected no ${lasting} in a token: the key does not say tokensMaySetUp.`);
  if (!isFor(key, sub)) return invalid('Expected a tenant for which the key may sign.');
  if (once === true && type === undefined)
    return invalid('Expected type beside once: the job types that it may start.');
  return {
    kind: 'granted',
    grant: {
      tenantId: sub,
      scopes: new Set(asked),
      narrowing: {
        jobId: job,
        tag: tag && { key: tag.name, value: tag.value },
        jobTypes: type,
        onlyKey: once === true ? jti : undefined,
      },
      issuedAtMs: iat * 1000,
      untilMs: (exp + LEEWAY_SECONDS) * 1000,
      jti,
    },
  };
}

/** The name of a claim is the sender's text, and its beginning is enough to find it. */
function placeOf({ issues: [issue] }: z.ZodError): string {
  const name = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path[0];
  return String(name ?? 'the payload')
    .slice(0, 32)
    .toWellFormed();
}

function invalid(message: string): Judged {
  return { kind: 'refused', problem: problem('token_invalid', '', message) };
}
