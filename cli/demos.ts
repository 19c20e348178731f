/** What `npm start -- --demo NAME` shows. */
import { noisyDemo } from './demo-noisy.ts';
import type { Screen } from './screen.ts';

/** @returns the exit code: 0 only if all came out as the demo says */
export type Demo = (show: Screen, signal: AbortSignal) => Promise<number>;

export const demos: Readonly<Record<string, Demo>> = { noisy: noisyDemo };
