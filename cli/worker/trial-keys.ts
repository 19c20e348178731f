/** Keys for one trial: they live as long as the command. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Purpose, signedText } from '../../domain/worker/tokens.ts';
import type { WorkerKeys } from '../../io/aws/worker-keys.ts';

export function trialKeys(): WorkerKeys {
  const secrets = { ticket: randomBytes(32), task: randomBytes(32) } as const;
  const codeOf = (purpose: Purpose, text: string) =>
    createHmac('sha256', secrets[purpose]).update(text).digest('base64url');
  return {
    sign: async (purpose, textOf) => signedText(textOf('k1'), codeOf(purpose, textOf('k1'))),
    async isGenuine(purpose, { text, code }) {
      const expected = Buffer.from(codeOf(purpose, text));
      const given = Buffer.from(code);
      return expected.length === given.length && timingSafeEqual(expected, given);
    },
  };
}
