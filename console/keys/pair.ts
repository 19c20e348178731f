/** A pair of an Ed25519 key, made in this page: its seed is sent nowhere. */

export interface Pair {
  readonly publicKey: string;
  readonly seed: string;
}

/** @throws Error with a sentence for the operator, in a browser without such keys */
export async function newPair(): Promise<Pair> {
  try {
    const made = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
    if (!('privateKey' in made)) throw new Error('It is no pair.');
    const { x: publicKey = '', d: seed = '' } = await crypto.subtle.exportKey('jwk', made.privateKey);
    return { publicKey, seed };
  } catch {
    throw new Error('This browser makes no Ed25519 keys. npx headgate key create makes one in a terminal.');
  }
}

/** As HEADGATE_KEY has it. */
export const keyText = (keyId: string, { seed }: Pair): string => `hgk_${keyId}_${seed}`;
