/** The demos of `npm start -- --demo NAME`. Each starts a stack of its own and ends by itself. */
import { noisyDemo } from './noisy.ts';
import type { Screen } from './screen.ts';
import { webhooksDemo } from './webhooks.ts';

/** @returns the exit code: 0 only if the demo came out as it should */
export type Demo = (show: Screen, signal: AbortSignal) => Promise<number>;

export const demos: Readonly<Record<string, Demo>> = { noisy: noisyDemo, webhooks: webhooksDemo };
