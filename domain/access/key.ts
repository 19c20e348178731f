/**
 * A key: the public half of an Ed25519 pair whose seed stays with its owner, and what may be signed with it. Nothing here can
 * sign, so a reader of the table is no signer.
 */
import * as z from 'zod';
import { TenantId } from '../job/ids.ts';
import { Scope } from './scope.ts';

/** Made of the public key, so that a key which is registered twice is one key. */
export const KeyId = z.string().regex(/^[a-z2-7]{16}$/, 'expected 16 of a-z and 2-7');

/** A day: a page that needs a longer one asks its server for the next. */
export const MAX_TOKEN_SECONDS = 86_400;
export const DEFAULT_TOKEN_SECONDS = 3600;

export const PublicKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'expected the 32 bytes of an Ed25519 public key in base64url')
  .refine(
    (text) => !hasSmallOrder(text),
    'expected the public key of a pair, found one that any signature fits',
  );

/** One form rather than a union, which generators of clients would make a type of its own. */
const TenantOrAll = z
  .string()
  .refine((text) => text === '*' || TenantId.safeParse(text).success, 'expected the id of a tenant, or *');

export const KeySettings = z.strictObject({
  publicKey: PublicKey,
  name: z.string().min(1).max(64).optional().meta({ description: 'For its readers.' }),
  scopes: z.array(Scope).max(16).meta({ description: 'What its tokens may ask for.' }),
  tenants: z.array(TenantOrAll).max(100).meta({
    description: 'The tenants for which it may sign; * alone is every tenant, and an empty list is none.',
  }),
  maxTokenSeconds: z.int().min(1).max(MAX_TOKEN_SECONDS).optional().meta({ description: '3600 if absent.' }),
  expiresAt: z.iso.datetime().optional(),
  tokensMaySetUp: z.literal(true).optional().meta({
    description:
      'Its tokens may ask for schedules:write. What they set up outlives them, so by default the key alone may.',
  }),
  bearer: z
    .literal(true)
    .optional()
    .meta({ description: 'The key itself is accepted as a credential. For laptops.' }),
});
export type KeySettings = z.infer<typeof KeySettings>;

export const AccessKey = KeySettings.extend({
  keyId: KeyId,
  createdAt: z.int(),
  disabledAt: z.int().optional(),
});
export type AccessKey = z.infer<typeof AccessKey>;

export function isUsable({ disabledAt, expiresAt }: AccessKey, nowMs: number): boolean {
  return disabledAt === undefined && (expiresAt === undefined || nowMs < Date.parse(expiresAt));
}

export function isFor({ tenants }: Pick<AccessKey, 'tenants'>, tenantId: string): boolean {
  return tenants.includes(tenantId) || tenants.includes('*');
}

/**
 * With one of these as the public key a signature can be made without a private key.
 * @see https://www.rfc-editor.org/rfc/rfc8032, section 5.1: the curve, whose cofactor is 8
 */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

function hasSmallOrder(text: string): boolean {
  const bytes = [...atob(text.replaceAll('-', '+').replaceAll('_', '/'))].map((char) => char.charCodeAt(0));
  // The highest bit is the sign of x, which a point of small order may have either way.
  const unsigned = bytes.map((byte, i) => (i === 31 ? byte & 0x7f : byte));
  return SMALL_ORDER.includes(unsigned.map((byte) => byte.toString(16).padStart(2, '0')).join(''));
}
