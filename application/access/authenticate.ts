/**
 * From what a request says of itself to what it may do: the credential is looked up by the id of its key, once, and that item
 * alone says which signature, scopes and tenants hold.
 */
import { type AccessKey, isFor, isUsable, KeyId } from '../../domain/access/key.ts';
import { NOT_NARROWED } from '../../domain/access/narrowing.ts';
import { type Grant, judgeClaims } from '../../domain/access/token.ts';
import { type ErrorCode, problem } from '../../domain/errors.ts';
import type { KeyStore } from '../../io/access/keys.ts';
import type { RevocationReader } from '../../io/access/revocations.ts';
import type { Signatures } from '../../io/access/signatures.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Refused } from '../resources/refused.ts';
import { type KnownLately, knownLately } from './known-lately.ts';
import { type CredentialRates, credentialRates } from './rates.ts';

export interface AuthenticationPorts {
  readonly keys: Pick<KeyStore, 'get'>;
  readonly revocations: RevocationReader;
  readonly signatures: Signatures;
  readonly audience: string;
  readonly clock: Clock;
}

/** What is read of a request. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** The header Headgate-Tenant. */
  readonly tenant: string | undefined;
  /** A web page has sent it: browsers set these headers, and no script can take them away. */
  readonly fromPage: boolean;
}

export interface Authenticated {
  readonly kind: 'authenticated';
  readonly keyId: string;
  /** Of a token. */
  readonly jti?: string;
  readonly grant: Grant;
  /** Headers that tell the caller of its rate. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The promise of a revocation is a minute. */
const REVOCATIONS_KNOWN_MS = 60_000;
const BEARER = /^Bearer ([\x21-\x7e]{1,4096})$/i;
const RAW_KEY = /^hgk_([a-z2-7]{16})_([A-Za-z0-9_-]{43})$/;

/** @throws when the table does not answer: no credential is judged by what was known too long ago */
export function authenticator(
  ports: AuthenticationPorts,
): (given: Credentials) => Promise<Authenticated | Refused> {
  const known: Known = {
    keys: knownLately(ports.clock, (keyId) => ports.keys.get(keyId)),
    // Most tenants have none, and each look costs a read.
    revocations: knownLately(
      ports.clock,
      (tenantId) => ports.revocations.tokensNotBefore(tenantId),
      REVOCATIONS_KNOWN_MS,
    ),
  };
  const rates = credentialRates(ports.clock);
  return async (given) => {
    if (given.authorization === undefined)
      return refused('credential_missing', 'Expected the header Authorization: Bearer, found none.');
    const credential = BEARER.exec(given.authorization)?.[1];
    if (credential === undefined)
      return refused('token_invalid', 'Expected Bearer and a token of at most 4,096 characters.');
    const judged = credential.startsWith('hgk_')
      ? await byKey(ports, known, credential, given)
      : await byToken(ports, known, credential, given);
    return judged.kind === 'refused' ? judged : withinRate(rates, judged);
  };
}

interface Known {
  readonly keys: KnownLately<AccessKey>;
  readonly revocations: KnownLately<number>;
}

type ByCredential = Omit<Authenticated, 'headers'> | Refused;

async function byToken(
  { signatures, audience, clock }: AuthenticationPorts,
  known: Known,
  token: string,
  { tenant }: Credentials,
): Promise<ByCredential> {
  const keyId = signatures.keyIdOf(token);
  if (keyId === undefined || !KeyId.safeParse(keyId).success)
    return refused('token_invalid', 'Expected a JWT with alg EdDSA, typ hg+jwt and the id of a key as kid.');
  const key = await usable(known, keyId, clock.nowMs());
  if (key === undefined) return unknownKey;
  const claims = await signatures.verify(token, key.publicKey);
  if (claims === undefined) return refused('token_invalid', 'Expected a signature by the key of kid.');
  const judged = judgeClaims(claims, key, { audience, nowMs: clock.nowMs() });
  if (judged.kind === 'refused') return judged;
  if (tenant !== undefined)
    return refused(
      'parameter_invalid',
      'Expected no header Headgate-Tenant: the token says which tenant this is.',
      '/Headgate-Tenant',
    );
  // After the signature, or a stranger could have any tenant looked up.
  const notBeforeMs = await known.revocations(judged.grant.tenantId);
  if (notBeforeMs !== undefined && judged.grant.issuedAtMs < notBeforeMs)
    return refused(
      'token_revoked',
      'Expected a token that was signed after all tokens of the tenant were revoked.',
    );
  const { jti } = judged.grant;
  return { kind: 'authenticated', keyId, jti, grant: judged.grant };
}

async function byKey(
  { signatures, clock }: AuthenticationPorts,
  known: Known,
  text: string,
  { tenant, fromPage }: Credentials,
): Promise<ByCredential> {
  if (fromPage)
    return refused(
      'key_in_browser',
      'Expected a token from a web page, found a key: make a token on your server.',
    );
  const [, keyId, seed] = RAW_KEY.exec(text) ?? [];
  if (keyId === undefined || seed === undefined)
    return refused('credential_unknown', 'Expected hgk_, the id of a key, and its seed.');
  const key = await usable(known, keyId, clock.nowMs());
  // A key that must not leave its owner is answered like an unknown one: by now it has left.
  if (key?.bearer !== true || signatures.publicKeyOf(seed) !== key.publicKey) return unknownKey;
  const [only, ...others] = key.tenants;
  const tenantId = tenant ?? (others.length === 0 && only !== '*' ? only : undefined);
  if (tenantId === undefined)
    return refused(
      'parameter_invalid',
      'Expected the header Headgate-Tenant: the key is for several tenants.',
      '/Headgate-Tenant',
    );
  if (!isFor(key, tenantId)) return refused('not_found', 'Expected a tenant of this key.');
  const scopes = new Set<string>(key.scopes);
  return { kind: 'authenticated', keyId, grant: { tenantId, scopes, narrowing: NOT_NARROWED } };
}

async function usable({ keys }: Known, keyId: string, nowMs: number): Promise<AccessKey | undefined> {
  const key = await keys(keyId);
  return key !== undefined && isUsable(key, nowMs) ? key : undefined;
}

function withinRate(rates: CredentialRates, judged: Omit<Authenticated, 'headers'>): Authenticated | Refused {
  const rate = rates(`${judged.keyId} ${judged.grant.tenantId}`);
  if (rate.kind === 'limited')
    return refused(
      'rate_limited',
      `Expected fewer requests; the next one is taken after ${Math.ceil(rate.retryAfterMs)} ms.`,
    );
  return { ...judged, headers: rate.headers };
}

const unknownKey = refused(
  'credential_unknown',
  'Expected a key that this stack knows and that is not disabled.',
);

function refused(code: ErrorCode, message: string, pointer = ''): Refused {
  return { kind: 'refused', problem: problem(code, pointer, message) };
}
