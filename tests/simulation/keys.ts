/** Keys of the stack that need no KMS. */
import { createHmac } from 'node:crypto';
import { type Purpose, signedText } from '../../domain/worker/tokens.ts';
import type { WorkerKeys } from '../../io/aws/worker-keys.ts';

const KEY_ID = 'k1';
const codeOf = (purpose: Purpose, text: string) =>
  createHmac('sha256', `the key for ${purpose}`).update(text).digest('base64url');

export const simulatedKeys: WorkerKeys = {
  sign: async (purpose, textOf) => signedText(textOf(KEY_ID), codeOf(purpose, textOf(KEY_ID))),
  isGenuine: async (purpose, { text, code }) => codeOf(purpose, text) === code,
};
