/** What `npm start -- --demo NAME` shows instead of the sample. Each starts a stack of its own and ends by itself. */
import { noisyDemo } from './noisy.ts';
import type { Screen } from './screen.ts';
import { webhooksDemo } from './webhooks.ts';

/** @returns the exit code: 0 only if all came out as the demo says */
export type Demo = (show: Screen, signal: AbortSignal) => Promise<number>;

export const demos: Readonly<Record<string, Demo>> = { noisy: noisyDemo, webhooks: webhooksDemo };
