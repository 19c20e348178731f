/** Signatures of tokens, and public keys of seeds. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { compactVerify } from 'jose/jws/compact/verify';
import { TokenHeader } from '../../domain/access/token.ts';

export interface Signatures {
  /** The key that a token names; undefined for one with another algorithm, type or form. */
  keyIdOf(token: string): string | undefined;
  /** The payload of a token whose signature holds; undefined for any other, and for a payload that is no JSON object. */
  verify(token: string, publicKey: string): Promise<unknown>;
  /** Of a seed in base64url. */
  publicKeyOf(seed: string): string | undefined;
}

/** @see https://www.rfc-editor.org/rfc/rfc8410, section 7: everything of an Ed25519 private key before its seed */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export const signatures: Signatures = {
  keyIdOf(token) {
    try {
      return TokenHeader.safeParse(decodeProtectedHeader(token)).data?.kid;
    } catch {
      return undefined;
    }
  },

  async verify(token, x) {
    try {
      const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
      const { payload } = await compactVerify(token, key, { algorithms: ['EdDSA'] });
      return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
    } catch {
      return undefined;
    }
  },

  publicKeyOf(seed) {
    try {
      const der = Buffer.concat([PKCS8_PREFIX, Buffer.from(seed, 'base64url')]);
      const key = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
      return key.export({ format: 'jwk' }).x;
    } catch {
      return undefined;
    }
  },
};
